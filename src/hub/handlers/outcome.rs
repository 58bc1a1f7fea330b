//! The store has committed: the one who asked is answered, and those concerned are told.

use std::sync::Arc;

use actix::{Context, Handler};
use tokio::sync::oneshot;

use crate::delivery::{Batches, EventKey, Fanout};
use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::user::User;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::message::Message;
use crate::domain::chat::room::Recipients;
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::hub::access::refusal_of;
use crate::hub::handlers::signal::Ruled;
use crate::hub::mailboxes::sessions_at;
use crate::hub::presence::Bond;
use crate::hub::{Asker, ChatServer, Ephemeral, PendingWrite};
use crate::store::{Committed, Done, StoreError};
use crate::wire::{AccountsAnswer, Answer};

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let (mut fanout, mut calls) = (Fanout::default(), Vec::new());
        for (ticket, outcome) in committed.into_outcomes() {
            let Some(pending) = self.pending_writes.pop_front() else { continue };
            debug_assert_eq!(pending.ticket, ticket, "the store answers in order");
            self.parts.metrics.submit_seconds.observe(pending.at.elapsed().as_secs_f64());
            calls.extend(self.tell(pending, outcome, &mut fanout));
        }
        self.deliver(fanout);
        // After the sessions: what a caller then asks them about has reached them.
        for (caller, done) in calls {
            if caller.send(Ok(done)).is_err() {
                log::debug!("nobody waited for a change that is done");
            }
        }
        self.advance_drain();
    }
}

impl ChatServer {
    /// Notes who hears of an outcome, and gives back the caller who has still to be answered.
    fn tell(
        &mut self,
        asked: PendingWrite,
        outcome: Result<Done, Arc<StoreError>>,
        fanout: &mut Fanout,
    ) -> Option<(oneshot::Sender<Result<Done, Refusal>>, Done)> {
        let refusal = match outcome {
            Ok(Done::Refused(refusal)) => refusal,
            Err(error) => refusal_of(&error),
            Ok(done) => {
                let reply = match asked.asker {
                    Asker::Session(..) => None,
                    Asker::Caller(_) => Some(done.clone()),
                };
                self.announce(&asked, done, fanout);
                return match asked.asker {
                    Asker::Session(..) => None,
                    Asker::Caller(caller) => Some(caller).zip(reply),
                };
            }
        };
        refuse(asked, refusal, fanout);
        None
    }

    /// Tells all others, and answers the session that has asked.
    fn announce(&mut self, asked: &PendingWrite, done: Done, fanout: &mut Fanout) {
        match done {
            Done::Posted(message, recipients) => {
                self.stop_typing((asked.user, message.room), None, fanout);
                fanout.tell_room(ChatEvent::MessagePosted(message), &recipients, asked.doer());
            }
            Done::Repeated(message) => {
                answer(asked, ChatEvent::MessageRepeated(message), fanout);
            }
            Done::Edited { message, recipients, withdrawn_from } => {
                withdraw(&message, &withdrawn_from, fanout);
                fanout.tell_room(ChatEvent::MessageEdited(message), &recipients, asked.doer());
            }
            Done::Signalled(recipients) => self.tell_ephemeral(asked, recipients, fanout),
            Done::Read { room, seq, recipients } => {
                let event = ChatEvent::Read { user: asked.user, room, seq };
                match recipients {
                    Some(recipients) => fanout.tell_room(event, &recipients, asked.doer()),
                    None => answer(asked, event, fanout),
                }
            }
            Done::Grouped { change, told } => {
                let event = fanout.event(ChatEvent::GroupChanged(*change));
                // Nobody is told of what changes nothing, also no other session of who has asked.
                if !told.is_empty() {
                    fanout.push(event, (asked.user, Viewer::OwnOther), asked.asker.session());
                }
                for user in told.into_iter().filter(|user| *user != asked.user) {
                    fanout.push(event, (user, Viewer::Peer), None);
                }
                answer_with(asked, event, fanout);
            }
            Done::Befriended { actor, other, verb, told } => {
                if told {
                    self.befriended(actor, other, verb, fanout);
                }
                if let Some(request) = asked.asker.request() {
                    self.answer_befriended(asked.user, request, fanout);
                }
            }
            // Answered before this.
            Done::Refused(_) => {}
        }
    }

    fn answer_befriended(&self, me: UserId, to: (SessionId, u64), fanout: &mut Fanout) {
        let Some(entry) = self.sessions.get(to.0) else { return };
        let variant = entry.handle.variant;
        let done = Answer::Accounts(AccountsAnswer::Befriended);
        match self.parts.dialects.get(variant).answer(done, me, variant.options()) {
            Some(frame) => fanout.answer(frame, me, to),
            None => fanout.done(me, to),
        }
    }

    fn befriended(&mut self, actor: User, other: UserId, verb: FriendVerb, fanout: &mut Fanout) {
        let pair = (actor.id, other);
        let event = fanout.event(AccountsEvent::Befriended { verb, by: actor, to: other });
        fanout.push(event, (other, Viewer::Peer), None);
        let Some(bond) = bond(verb) else { return };
        self.presence.bond(pair, bond);
        self.statuses.bond(pair, bond);
        if bond == Bond::Made {
            self.introduce(pair, fanout);
        }
    }

    /// Tells what is not stored.
    fn tell_ephemeral(
        &mut self,
        asked: &PendingWrite,
        recipients: Recipients,
        fanout: &mut Fanout,
    ) {
        match &asked.ephemeral {
            Some(Ephemeral::Signal(to, signal)) => {
                let hidden = recipients.hidden_from.contains(to);
                let (from, to, signal) = (asked.user, *to, signal.clone());
                self.give(asked, Ruled { from, to, signal, hidden }, fanout);
            }
            Some(Ephemeral::Typing(room, typing)) => {
                let typed = (asked.user, *room, *typing);
                self.typed(typed, recipients, asked.asker.session(), fanout);
                if let Asker::Session(session, request) = asked.asker {
                    fanout.done(asked.user, (session, request));
                }
            }
            None => {}
        }
    }

    /// Hands everything over; a session that does not keep up is put out at once, and its user's
    /// friends are told.
    pub(in crate::hub) fn deliver(&mut self, fanout: Fanout) {
        self.hand_over(fanout);
        self.tell_transitions();
    }

    /// Hands everything over. To be followed by [`ChatServer::tell_transitions`].
    pub(in crate::hub) fn hand_over(&mut self, fanout: Fanout) {
        let (mut slow, mut batches) = (Vec::new(), Batches::default());
        let who = (&self.presence, &self.mailboxes);
        fanout.deliver(
            &self.parts.dialects,
            |mailbox| sessions_at(who, mailbox),
            |session, deliver| {
                let Some(entry) = self.sessions.get_mut(session) else { return };
                let bytes_max = self.settings.outbox_bytes_max;
                if entry.handle.deliver(deliver, bytes_max, &mut batches).is_err() {
                    slow.push(session);
                }
            },
        );
        batches.send();
        for session in slow {
            self.evict(session, CloseReason::SlowConsumer);
        }
    }
}

/// Tells those who could see a message, and cannot any more, that it is gone.
fn withdraw(message: &Message, from: &[UserId], fanout: &mut Fanout) {
    if from.is_empty() {
        return;
    }
    let message = Message { content: String::new(), deleted: true, ..message.clone() };
    let event = fanout.event(ChatEvent::MessageWithdrawn(message));
    for user in from {
        fanout.push(event, (*user, Viewer::Peer), None);
    }
}

fn answer(asked: &PendingWrite, event: impl Into<Event>, fanout: &mut Fanout) {
    let event = fanout.event(event);
    answer_with(asked, event, fanout);
}

fn answer_with(asked: &PendingWrite, event: EventKey, fanout: &mut Fanout) {
    if let Asker::Session(session, request) = asked.asker {
        fanout.answer_event(event, asked.user, (session, request));
    }
}

fn refuse(asked: PendingWrite, refusal: Refusal, fanout: &mut Fanout) {
    match asked.asker {
        Asker::Session(session, request) => {
            fanout.refuse(refusal, asked.user, (session, request));
        }
        Asker::Caller(caller) => {
            if caller.send(Err(refusal)).is_err() {
                log::debug!("nobody waited for a change to be refused");
            }
        }
    }
}

/// What a verb that has changed something does to a friendship.
fn bond(verb: FriendVerb) -> Option<Bond> {
    match verb {
        FriendVerb::Accept => Some(Bond::Made),
        FriendVerb::End => Some(Bond::Ended),
        FriendVerb::Request | FriendVerb::Discard | FriendVerb::Withdraw => None,
    }
}
