//! The addresses that a hub listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::{Config, StartError};

/// How often another free port is tried, if the one that was found is taken on the other loopback address.
const PORTS_TRIED_MAX: usize = 16;

/// All that is listened on.
pub(super) struct Places {
    pub main: TcpListener,
    pub console: Option<TcpListener>,
    /// The address that is set, and perhaps the other one of loopback.
    pub pubsub: Vec<TcpListener>,
    /// For servers of apps.
    pub owl: Option<TcpListener>,
}

impl Places {
    /// Where the console is by itself.
    pub fn console_address(&self) -> Option<SocketAddr> {
        self.console.as_ref()?.local_addr().ok()
    }

    /// Where servers of apps connect to.
    pub fn owl_address(&self) -> Option<SocketAddr> {
        self.owl.as_ref()?.local_addr().ok()
    }

    /// Where Pub/Sub is, as it is set.
    pub fn pubsub_address(&self) -> Option<SocketAddr> {
        self.pubsub.first()?.local_addr().ok()
    }
}

/// Takes the address to listen on.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen(config: &Config) -> Result<TcpListener, StartError> {
    bind("http.bind", &config.http.bind)
}

/// Takes the address that the console listens on by itself, if it has one.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen_console(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let address = &config.app_server.bind;
    if address.is_empty() { Ok(None) } else { bind("app_server.bind", address).map(Some) }
}

/// Takes the address for servers of apps, if they have one.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen_owl(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let address = &config.owl.bind;
    if address.is_empty() { Ok(None) } else { bind("owl.bind", address).map(Some) }
}

/// Takes the address of Pub/Sub, if it has one. Of 127.0.0.1 and ::1 it takes both, since clients that are told
/// `localhost` try either; a machine without the other one has none of it.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen_pubsub(config: &Config) -> Result<Vec<TcpListener>, StartError> {
    const SETTING: &str = "pubsub.bind";
    let address = &config.pubsub.bind;
    if address.is_empty() {
        return Ok(Vec::new());
    }
    let mut tries = 0..PORTS_TRIED_MAX;
    loop {
        let first = bind(SETTING, address)?;
        let fault = |source| StartError::Bind { setting: SETTING, bind: address.clone(), source };
        let bound = first.local_addr().map_err(fault)?;
        let Some(other) = other_loopback(bound) else { return Ok(vec![first]) };
        match TcpListener::bind(other) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if is_absent(&error) => return Ok(vec![first]),
            Err(_) if is_any_port(address) && tries.next().is_some() => {}
            Err(source) => {
                let bind = other.to_string();
                return Err(StartError::Bind { setting: SETTING, bind, source });
            }
        }
    }
}

/// The same port of the other loopback address.
fn other_loopback(address: SocketAddr) -> Option<SocketAddr> {
    let other = match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => return None,
    };
    Some(SocketAddr::new(other, address.port()))
}

/// Whether the machine has no such address.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
}

fn is_any_port(address: &str) -> bool {
    address.parse().is_ok_and(|address: SocketAddr| address.port() == 0)
}

fn bind(setting: &'static str, bind: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(bind).map_err(|source| StartError::Bind {
        setting,
        bind: bind.to_owned(),
        source,
    })
}
