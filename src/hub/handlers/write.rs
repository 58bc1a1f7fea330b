//! A session asks for changes: they get their ids here, and go to the store.

use actix::{Context, Handler};

use crate::domain::command::{Absent, Signal, Write};
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
        if self.sessions.get(session).is_none() {
            return;
        }
        let mut refused = Fanout::default();
        for (request, write) in writes {
            let ticket = self.next_ticket;
            let signal = match &write {
                Write::Signal { peer, signal } => Some((user, *peer, signal.clone())),
                Write::Post { .. } | Write::Edit { .. } | Write::Befriend { .. } => None,
            };
            let accepted = self
                .change(user, write)
                .and_then(|change| self.parts.store.submit(ticket, change).map_err(refusal));
            match accepted {
                Ok(()) => {
                    self.next_ticket = ticket.wrapping_add(1);
                    let under_way = UnderWay { ticket, session, user, request, signal, at };
                    self.under_way.push_back(under_way);
                }
                Err(refusal) => refused.refuse(refusal, user, (session, request)),
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
            Write::Post { peer, content, nonce, absent } => {
                if absent == Absent::Refused
                    && !peer.is_some_and(|peer| self.presence.is_online(peer))
                {
                    return Err(Refusal::Absent);
                }
                let id = self.parts.mint.message().map_err(|error| {
                    log::error!("no message id: {error}");
                    Refusal::Busy
                })?;
                Change::Post { id, author: user, peer, content, nonce, audience }
            }
            Write::Edit { peer, message, content } => {
                Change::Edit { author: user, peer, message, content, audience }
            }
            Write::Signal { peer, signal } => {
                if !self.hears(peer, signal.topic()) {
                    return Err(Refusal::Absent);
                }
                let bytes = match &signal {
                    Signal::Note(content) => content.as_str().len(),
                    Signal::Invite(_) => 0,
                };
                Change::Signal { author: user, peer, bytes, audience }
            }
            Write::Befriend { verb, name } => Change::Befriend { actor: user, verb, name },
        })
    }
}
