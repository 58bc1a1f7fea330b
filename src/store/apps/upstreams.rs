//! What devices send to servers of their app. Nothing of it is kept: whoever is there hears it.

use crate::domain::apps::command::ServerNamed;
use crate::domain::apps::console::{CommandId, ConsoleLine, RequestId, ResultCode};
use crate::domain::apps::event::AppsEvent;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId};
use crate::domain::news::News;
use crate::domain::principal::Mailbox;
use crate::store::apps::{requests, servers};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::Yield;

/// Something that a device sends.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub app: AppId,
    pub device: DeviceId,
    /// `None` if it cannot be sent.
    pub data: Option<String>,
    pub server: ServerNamed,
    /// Whether anybody is there to hear it.
    pub is_heard: bool,
    /// Now.
    pub at: Timestamp,
}

/// Names the request, and tells the app's consoles, if they are to hear of it.
///
/// # Errors
/// [`StoreError::Database`]; so if there is no such app.
pub fn send(
    conn: &mut Connection,
    upstream: &Upstream,
) -> Result<Yield<(ResultCode, RequestId)>, StoreError> {
    let ms = requests::next_ms(conn, upstream.app, upstream.at)?;
    let request = RequestId { command: CommandId::Upstream, ms };
    let code = judge(conn, upstream)?;
    let news = match &upstream.data {
        Some(data) if code == ResultCode::Done => {
            let Upstream { app, device, at, .. } = *upstream;
            let line = ConsoleLine::Upstream { device, at, data: data.clone() };
            vec![News::to(vec![Mailbox::Console(app)], AppsEvent::Line(line))]
        }
        Some(_) | None => Vec::new(),
    };
    Ok(Yield { answer: (code, request), news })
}

fn judge(conn: &mut Connection, upstream: &Upstream) -> Result<ResultCode, StoreError> {
    if upstream.data.is_none() {
        return Ok(ResultCode::Argument);
    }
    let is_server = match upstream.server {
        ServerNamed::Any => true,
        ServerNamed::By(uuid) => servers::find(conn, upstream.app, uuid)?.is_some(),
        ServerNamed::Wrong => false,
    };
    Ok(match (is_server, upstream.is_heard) {
        (false, _) => ResultCode::ServerIdWrong,
        (true, false) => ResultCode::NoChannel,
        (true, true) => ResultCode::Done,
    })
}
