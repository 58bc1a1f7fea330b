//! A session asks for changes: they get their ids here, and go to the store.

use actix::{Context, Handler};

use crate::domain::command::Write;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::hub::access::refusal;
use crate::hub::fanout::Fanout;
use crate::hub::messages::Submit;
use crate::hub::{ChatServer, UnderWay};
use crate::store::Change;

impl Handler<Submit> for ChatServer {
    type Result = ();

    fn handle(&mut self, submit: Submit, _: &mut Context<Self>) {
        let Submit { session, user, writes, at } = submit;
        let Some(kind) = self.sessions.get(session).map(|entry| entry.outlet.kind) else { return };
        let mut refused = Fanout::default();
        for (request, write) in writes {
            let ticket = self.next_ticket;
            let accepted = self
                .change(user, write)
                .and_then(|change| self.parts.store.submit(ticket, change).map_err(refusal));
            match accepted {
                Ok(()) => {
                    self.next_ticket = ticket.wrapping_add(1);
                    self.under_way.push_back(UnderWay { ticket, session, user, request, at });
                }
                Err(refusal) => {
                    refused.answer(kind.refusal(refusal), user, (session, request));
                }
            }
        }
        self.deliver(refused);
    }
}

impl ChatServer {
    fn change(&self, user: UserId, write: Write) -> Result<Change, Refusal> {
        if self.drain.is_some() {
            return Err(Refusal::Busy);
        }
        let audience = self.settings.audience;
        Ok(match write {
            Write::Post { peer, content, nonce } => {
                let id = self.parts.mint.message().map_err(|error| {
                    log::error!("no message id: {error}");
                    Refusal::Busy
                })?;
                Change::Post { id, author: user, peer, content, nonce, audience }
            }
            Write::Edit { peer, message, content } => {
                Change::Edit { author: user, peer, message, content, audience }
            }
            Write::Befriend { verb, name } => Change::Befriend { actor: user, verb, name },
        })
    }
}
