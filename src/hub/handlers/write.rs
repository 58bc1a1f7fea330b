//! Sessions and others ask for changes: they get their ids here, and go to the store.

use actix::{Context, Handler};

use crate::delivery::Fanout;
use crate::domain::accounts::command::AccountsWrite;
use crate::domain::chat::command::{Absent, ChatWrite, Signal};
use crate::domain::chat::event::{ChatEvent, Status};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::command::Write;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::hub::access::refusal;
use crate::hub::messages::{Call, Submit};
use crate::hub::{Asker, ChatServer, Ephemeral, PendingWrite, Submission};
use crate::store::{ChatCommand, To};

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
            if let Write::Chat(ChatWrite::SetStatus(status)) = write {
                self.presence.set_away(user, session, status == Status::Away);
                self.statuses.changed(user);
                let event = answers.event(ChatEvent::StatusSet(status));
                answers.answer_event(event, user, (session, request));
                continue;
            }
            let asked = Submission { by: Asker::Session(session, request), at };
            if let Err((refusal, _)) = self.submit_write(asked, user, write) {
                answers.refuse(refusal, user, (session, request));
            }
        }
        self.deliver(answers);
    }
}

impl Handler<Call> for ChatServer {
    type Result = ();

    fn handle(&mut self, call: Call, _: &mut Context<Self>) {
        let Call { user, write, at, done } = call;
        let asked = self.submit_write(Submission { by: Asker::Caller(done), at }, user, write);
        if let Err((refusal, Asker::Caller(done))) = asked
            && done.send(Err(refusal)).is_err()
        {
            log::debug!("nobody waited for a change to be refused");
        }
    }
}

impl ChatServer {
    /// Hands a change to the store.
    ///
    /// # Errors
    /// Why not, with the asker to be told so.
    fn submit_write(
        &mut self,
        asked: Submission,
        user: UserId,
        write: Write,
    ) -> Result<(), (Refusal, Asker)> {
        let ephemeral = match &write {
            Write::Chat(write) => ephemeral(write),
            Write::Accounts(_) => None,
        };
        let ticket = self.next_ticket;
        let accepted = self
            .change(user, write)
            .and_then(|change| self.parts.store.submit(ticket, change).map_err(refusal));
        match accepted {
            Ok(()) => {
                self.next_ticket = ticket.wrapping_add(1);
                self.pending_writes.push_back(PendingWrite {
                    ticket,
                    asker: asked.by,
                    user,
                    ephemeral,
                    at: asked.at,
                });
                Ok(())
            }
            Err(refusal) => Err((refusal, asked.by)),
        }
    }

    fn change(&self, user: UserId, write: Write) -> Result<ChatCommand, Refusal> {
        if self.drain.is_some() {
            return Err(Refusal::Busy);
        }
        match write {
            Write::Accounts(AccountsWrite::Befriend { verb, who }) => {
                Ok(ChatCommand::Befriend { actor: user, verb, who })
            }
            Write::Chat(write) => self.chat_change(user, write),
        }
    }

    fn chat_change(&self, user: UserId, write: ChatWrite) -> Result<ChatCommand, Refusal> {
        let dm_policy = self.settings.dm.audience;
        Ok(match write {
            ChatWrite::Post { room, content, nonce, absent } => {
                let peer = room.and_then(|room| room.peer_of(user));
                if absent == Absent::Refused
                    && !peer.is_some_and(|peer| self.presence.is_online(peer))
                {
                    return Err(ChatRefusal::NoSuchPeer.into());
                }
                let id = self.parts.mint.message().map_err(|error| {
                    log::error!("no message id: {error}");
                    Refusal::Busy
                })?;
                ChatCommand::Post { id, author: user, room, content, nonce, dm_policy }
            }
            ChatWrite::Edit { room, message, content } => {
                ChatCommand::Edit { author: user, room, message, content, dm_policy }
            }
            ChatWrite::Signal { peer, signal } => {
                if !self.has_subscriber(peer, signal.topic()) {
                    return Err(ChatRefusal::NoSuchPeer.into());
                }
                let bytes = match &signal {
                    Signal::Note(content) => content.as_str().len(),
                    Signal::Invite(_) => 0,
                };
                let to = RoomKey::direct(user, peer).map_or(To::Oneself, To::Room);
                ChatCommand::Signal { author: user, to, bytes, dm_policy }
            }
            ChatWrite::Type { room, .. } => {
                let to = To::Room(room.ok_or(ChatRefusal::NoSuchPeer)?);
                ChatCommand::Signal { author: user, to, bytes: 0, dm_policy }
            }
            ChatWrite::Read { room, seq } => ChatCommand::Read { reader: user, room, seq },
            ChatWrite::Group { group, step } => ChatCommand::Group { actor: user, group, step },
            // Nothing of it is stored, and only a session can say it.
            ChatWrite::SetStatus(_) => return Err(Refusal::Internal),
        })
    }
}

/// What is told, if nothing of a change is stored.
fn ephemeral(write: &ChatWrite) -> Option<Ephemeral> {
    match write {
        ChatWrite::Signal { peer, signal } => Some(Ephemeral::Signal(*peer, signal.clone())),
        ChatWrite::Type { room, typing } => room.map(|room| Ephemeral::Typing(room, *typing)),
        ChatWrite::Post { .. }
        | ChatWrite::Edit { .. }
        | ChatWrite::Read { .. }
        | ChatWrite::Group { .. }
        | ChatWrite::SetStatus(_) => None,
    }
}
