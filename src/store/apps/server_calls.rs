//! What servers of an app ask for themselves: the rule. What is asked is done as at a console of the app, once the
//! service and the registration are found, all in one transaction.

use crate::domain::apps::console::{ConsoleAction, ConsoleRequest, ResultCode};
use crate::domain::apps::downstream::SendManner;
use crate::domain::apps::server::ServerAnswer;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, AppServerId};
use crate::domain::news::News;
use crate::domain::uuid::Uuid;
use crate::store::apps::console::{self, ConsoleAsked, ConsoleOutcome, ConsoleRules};
use crate::store::apps::servers::{self, KnownServer};
use crate::store::apps::{directory, requests};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// Something that a server of an app asks.
#[derive(Clone, Debug)]
pub struct ServerAsked {
    /// The SHA-256 of the service's id.
    pub service_hash: [u8; 32],
    /// Its registration, if it has named one.
    pub server: Option<Uuid>,
    pub request: ConsoleRequest,
    pub manner: SendManner,
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerServed {
    pub answer: ServerAnswer,
    /// Whether deliveries have still to be made.
    pub has_left_work: bool,
}

/// Whose a service and a registration are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundServer {
    NoService,
    /// There is no such registration in the service.
    NoServer(AppId),
    Of(AppId),
}

/// Looks whose a service and a registration are.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(
    conn: &mut Connection,
    service_hash: &[u8; 32],
    server: Option<Uuid>,
) -> Result<FoundServer, StoreError> {
    let Some(app) = directory::of_service(conn, service_hash)? else {
        return Ok(FoundServer::NoService);
    };
    Ok(match known(conn, app, server)? {
        Some(_) => FoundServer::Of(app),
        None => FoundServer::NoServer(app),
    })
}

fn known(
    conn: &mut Connection,
    app: AppId,
    server: Option<Uuid>,
) -> Result<Option<KnownServer>, StoreError> {
    server.map_or(Ok(None), |uuid| servers::find(conn, app, uuid))
}

/// Does what a server asks; nothing if there is no such service.
///
/// # Errors
/// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn perform(
    conn: &mut Connection,
    rules: &ConsoleRules,
    asked: &ServerAsked,
) -> Result<(Option<ServerServed>, Vec<News>), StoreError> {
    let ServerAsked { service_hash, server, request, manner, now } = asked;
    let Some(app) = directory::of_service(conn, service_hash)? else {
        return Ok((None, Vec::new()));
    };
    let ms = requests::next_ms(conn, app, *now)?;
    let outcome = match registration(conn, app, &request.action, *server)? {
        Some(server) => {
            let service_hash = Some(*service_hash);
            let (request, manner) = (request.clone(), manner.clone());
            let asked = ConsoleAsked { app, server, request, service_hash, manner, now: *now };
            console::decide(conn, rules, &asked, ms)?
        }
        None => ConsoleOutcome::from(request.action.clone().failed(ResultCode::ServerIdWrong, ms)),
    };
    let message = outcome.sent.as_ref().map(|(id, _)| *id);
    let answer = ServerAnswer { line: outcome.line.clone(), message };
    let (news, has_left_work) = console::told(app, outcome);
    Ok((Some(ServerServed { answer, has_left_work }), news))
}

/// By which registration something is asked: within it, none is the hub's own. Who registers needs none.
fn registration(
    conn: &mut Connection,
    app: AppId,
    action: &ConsoleAction,
    server: Option<Uuid>,
) -> Result<Option<Option<AppServerId>>, StoreError> {
    if matches!(action, ConsoleAction::Register { .. }) {
        return Ok(Some(None));
    }
    Ok(known(conn, app, server)?.map(|server| match server {
        KnownServer::Hub => None,
        KnownServer::Other(id) => Some(id),
    }))
}
