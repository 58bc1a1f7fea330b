//! What servers of apps ask for themselves, and how they hear what devices send.

use super::Apps;
use crate::auth::key;
use crate::domain::apps::console::{ConsoleAction, ConsoleLine, ResultCode};
use crate::domain::apps::server::{ServerAnswer, ServerCall};
use crate::domain::uuid::Uuid;
use crate::hub::ServerLink;
use crate::service::ServiceFault;
use crate::store::apps::server_calls::{FoundServer, ServerAsked, ServerServed};
use crate::store::apps::{lookups, writes};

impl Apps {
    /// Does what a server of an app asks; all consoles of the app are told. `None` if there is no such service.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn server_asks(
        &self,
        call: ServerCall,
    ) -> Result<Option<ServerAnswer>, ServiceFault> {
        let ServerCall { service, server, request, manner } = call;
        let (service_hash, now) = (key::hash_of(&service), self.clock.now());
        // Looked up before, so that whoever knows no service costs no write.
        let found = self.store.read(lookups::server(service_hash, server)).await?;
        let app = match found {
            FoundServer::NoService => return Ok(None),
            FoundServer::NoServer(app) | FoundServer::Of(app) => app,
        };
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

    /// Links a server of an app, so that it hears what devices send; or says why not. So many bytes of news may wait
    /// for it.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn link_server(
        &self,
        service: &str,
        server: Option<Uuid>,
        bytes_max: usize,
    ) -> Result<Result<ServerLink, ResultCode>, ServiceFault> {
        let look = || lookups::server(key::hash_of(service), server);
        let found = self.store.read(look()).await?;
        let (app, server) = match (found, server) {
            (FoundServer::NoService, _) => return Ok(Err(ResultCode::Argument)),
            (FoundServer::Of(app), Some(server)) => (app, server),
            (FoundServer::NoServer(_), _) | (_, None) => return Ok(Err(ResultCode::ServerIdWrong)),
        };
        let link = self.links.open(app, server, bytes_max);
        // Between the look and the link it may have ended, and nobody would have ended the link.
        let still = self.store.read(look()).await?;
        Ok(if still == found { Ok(link) } else { Err(ResultCode::ServerIdWrong) })
    }
}
