//! Connections to endpoints: to an address that was looked up, judged, and no other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tower_service::Service;

use crate::domain::pubsub::endpoint::PushReach;

/// How long one address may take, while there are others.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(3);
/// Of a name with more addresses the others are not tried.
const ADDRESSES_MAX: usize = 8;

/// Connects to what a URI names, as far as pushes may go.
#[derive(Clone, Copy, Debug)]
pub struct JudgedConnector(pub PushReach);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    /// It has addresses, and none that is pushed to.
    #[error("it has no address that is pushed to")]
    Forbidden,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Service<Uri> for JudgedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectFault;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let reach = self.0;
        Box::pin(async move { Ok(TokioIo::new(connect(&uri, reach).await?)) })
    }
}

async fn connect(uri: &Uri, reach: PushReach) -> Result<TcpStream, ConnectFault> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let found: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => lookup_host((host, port)).await?.collect(),
    };
    let is_found = !found.is_empty();
    let judged = found.into_iter().filter(|address| reach.allows(address.ip()));
    let judged: Vec<_> = judged.take(ADDRESSES_MAX).collect();
    let (last, others) = match judged.split_last() {
        Some((last, others)) => (*last, others),
        None if is_found => return Err(ConnectFault::Forbidden),
        None => return Err(io::Error::from(io::ErrorKind::NotFound).into()),
    };
    for address in others {
        if let Ok(Ok(stream)) = timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
            return Ok(quick(stream));
        }
    }
    Ok(quick(TcpStream::connect(last).await?))
}

/// Small requests leave at once. Where that cannot be had they leave all the same.
fn quick(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        log::debug!("TCP_NODELAY of a push: {error}");
    }
    stream
}
