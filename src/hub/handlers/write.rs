//! Sessions and others ask for changes: they are looked at, and go to the store.

use actix::{Context, Handler};

use crate::delivery::Fanout;
use crate::domain::chat::command::{ChatWrite, Needed};
use crate::domain::chat::event::{ChatEvent, Status};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::command::{Change, Write};
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::hub::access::refusal;
use crate::hub::messages::{Call, Submit};
use crate::hub::{Asker, ChatServer, PendingWrite};
use crate::store::ChatCommand;

impl Handler<Submit> for ChatServer {
    type Result = ();

    fn handle(&mut self, submit: Submit, _: &mut Context<Self>) {
        let Submit { session, by, writes, at } = submit;
        if self.sessions.get(session).is_none() {
            return;
        }
        let mut answers = Fanout::default();
        for (request, write) in writes {
            // What is between users and in rooms is theirs to change.
            let Some(user) = by.user() else {
                let refusal = ChatRefusal::NotAllowed.into();
                answers.refuse(refusal, by.answered_at(), (session, request));
                continue;
            };
            match write {
                Write::Change(change) => {
                    let asker = Asker::Session(session, request);
                    let asked = PendingWrite { ticket: self.next_ticket, asker, user, at };
                    self.submit(asked, change, &mut answers);
                }
                Write::Status(status) => {
                    self.presence.set_away(user, session, status == Status::Away);
                    self.statuses.changed(user);
                    let event = answers.event(ChatEvent::StatusSet(status));
                    answers.answer_event(event, user, (session, request));
                }
            }
        }
        self.deliver(answers);
    }
}

impl Handler<Call> for ChatServer {
    type Result = ();

    fn handle(&mut self, call: Call, _: &mut Context<Self>) {
        let Call { user, change, at, done } = call;
        let mut answers = Fanout::default();
        let asked = PendingWrite { ticket: self.next_ticket, asker: Asker::Caller(done), user, at };
        self.submit(asked, change, &mut answers);
        self.deliver(answers);
    }
}

impl ChatServer {
    /// Hands a change to the store, or answers why not.
    fn submit(&mut self, asked: PendingWrite, change: Change, answers: &mut Fanout) {
        let submitted = self
            .command(asked.user, change)
            .and_then(|command| self.parts.store.submit(asked.ticket, command).map_err(refusal));
        match submitted {
            Ok(()) => {
                self.next_ticket = asked.ticket.wrapping_add(1);
                self.pending_writes.push_back(asked);
            }
            Err(refusal) => asked.refuse(refusal, answers),
        }
    }

    /// The change as the store takes it, if it can be done now.
    fn command(&self, by: UserId, change: Change) -> Result<ChatCommand, Refusal> {
        if self.drain.is_some() {
            return Err(Refusal::Busy);
        }
        let is_there = match change.chat().map_or(Needed::Nobody, |write| write.needs(by)) {
            Needed::Nobody => true,
            Needed::Online(user) => user.is_some_and(|user| self.presence.is_online(user)),
            Needed::Subscriber(user, topic) => self.has_subscriber(user, topic),
        };
        if !is_there {
            return Err(ChatRefusal::NoSuchPeer.into());
        }
        let id = match change.chat().is_some_and(ChatWrite::makes_message) {
            true => Some(self.parts.mint.message().map_err(|error| {
                log::error!("no message id: {error}");
                Refusal::Busy
            })?),
            false => None,
        };
        Ok(ChatCommand { by, change, id })
    }
}

impl PendingWrite {
    /// It is not done: whoever has asked is told why.
    pub(super) fn refuse(self, refusal: Refusal, fanout: &mut Fanout) {
        match self.asker {
            Asker::Session(session, request) => {
                fanout.refuse(refusal, self.user, (session, request));
            }
            Asker::Caller(caller) => {
                if caller.send(Err(refusal)).is_err() {
                    log::debug!("nobody waited for a change to be refused");
                }
            }
        }
    }
}
