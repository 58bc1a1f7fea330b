//! What servers of apps ask for themselves, and how they hear what devices send.

use std::net::IpAddr;

use super::Apps;
use crate::auth::key;
use crate::auth::limits::{KeyDoor, TooMany};
use crate::domain::apps::console::{ConsoleAction, ConsoleLine, ResultCode};
use crate::domain::apps::server::{ServerAnswer, ServerCall};
use crate::domain::uuid::Uuid;
use crate::hub::ServerLink;
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::apps::server_calls::{FoundServer, ServerAsked, ServerServed};
use crate::store::apps::{lookups, writes};

/// Why nothing was done of what a server has asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerFault {
    /// Servers of the app ask too fast: it can be asked again in a moment.
    #[error(transparent)]
    TooFast(TooMany),
    #[error(transparent)]
    Service(#[from] ServiceFault),
}

impl From<StoreError> for ServerFault {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Apps {
    /// Does what a server of an app asks, from an address; all consoles of the app are told. `None` if there is no such
    /// service.
    ///
    /// # Errors
    /// [`ServerFault::TooFast`]; [`ServiceFault::TooMany`] after wrong services from there, [`ServiceFault::Busy`],
    /// [`ServiceFault::Internal`].
    pub async fn server_asks(
        &self,
        call: ServerCall,
        peer: IpAddr,
    ) -> Result<Option<ServerAnswer>, ServerFault> {
        let ServerCall { service, server, request, manner } = call;
        let (service_hash, now) = (key::hash_of(&service), self.clock.now());
        // Looked up before, so that whoever knows no service costs no write.
        let app = match self.found_server((service_hash, server), peer).await? {
            FoundServer::NoService => return Ok(None),
            FoundServer::NoServer(app) | FoundServer::Of(app) => app,
        };
        self.limits.server_call_of(app).map_err(ServerFault::TooFast)?;
        let is_last = request.action == ConsoleAction::Unregister;
        let asked = ServerAsked { service_hash, server, request, manner, now };
        let served = self.store.run(writes::serve(self.console_rules(), asked)).await?;
        let Some(ServerServed { answer, has_left_work }) = served else { return Ok(None) };
        if has_left_work {
            (self.work_left)();
        }
        // So whoever is answered finds that the consoles, and devices that are there, are told.
        self.hub.settled().await;
        let is_done = answer.line == ConsoleLine::Unregistered { code: ResultCode::Done };
        if let Some(server) = server.filter(|_| is_last && is_done) {
            self.links.end(app, server);
        }
        Ok(Some(answer))
    }

    /// Links a server of an app, that names itself from an address, so that it hears what devices send; or says why not.
    /// So many bytes of news may wait for it.
    ///
    /// # Errors
    /// [`ServiceFault::TooMany`] after wrong services from there, [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn link_server(
        &self,
        (service, server): (&str, Option<Uuid>),
        bytes_max: usize,
        peer: IpAddr,
    ) -> Result<Result<ServerLink, ResultCode>, ServiceFault> {
        let named = (key::hash_of(service), server);
        let found = self.found_server(named, peer).await?;
        let (app, server) = match (found, server) {
            (FoundServer::NoService, _) => return Ok(Err(ResultCode::Argument)),
            (FoundServer::Of(app), Some(server)) => (app, server),
            (FoundServer::NoServer(_), _) | (_, None) => return Ok(Err(ResultCode::ServerIdWrong)),
        };
        let link = self.links.open(app, server, bytes_max);
        // Between the look and the link it may have ended, and nobody would have ended the link.
        let still = self.found_server(named, peer).await?;
        Ok(if still == found { Ok(link) } else { Err(ResultCode::ServerIdWrong) })
    }

    /// Whose a service and a registration are. The id of a service is a secret of its app: a wrong one counts as a wrong
    /// key from that address.
    async fn found_server(
        &self,
        (service_hash, server): ([u8; 32], Option<Uuid>),
        peer: IpAddr,
    ) -> Result<FoundServer, ServiceFault> {
        self.limits.may_show_service(peer)?;
        let found = self.store.read(lookups::server(service_hash, server)).await?;
        if found == FoundServer::NoService {
            self.limits.key_try(KeyDoor::Token, peer)?;
        }
        Ok(found)
    }
}
