//! The store has committed: those concerned are told, the ones who asked are answered.

use std::sync::Arc;

use actix::{Context, Handler};

use crate::delivery::{Batches, EventKey, Fanout};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::news::Recipients;
use crate::hub::access::refusal_of;
use crate::hub::handlers::signal::Ruled;
use crate::hub::mailboxes::sessions_at;
use crate::hub::{Asker, CallerReply, ChatServer, Ephemeral, PendingWrite};
use crate::store::{BatchEntry, ChatOutcome, Committed, StoreError};

/// A caller, and what is answered.
type AnsweredCaller = (CallerReply, Event);

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let (mut fanout, mut calls) = (Fanout::default(), Vec::new());
        for entry in committed.into_entries() {
            let (ticket, outcome) = match entry {
                BatchEntry::Command(outcome) => outcome,
                BatchEntry::Job(news) => {
                    for told in news {
                        self.hear(told, None, &mut fanout);
                    }
                    continue;
                }
            };
            let Some(pending) = self.pending_writes.pop_front() else { continue };
            debug_assert_eq!(pending.ticket, ticket, "the store answers in order");
            self.parts.metrics.submit_seconds.observe(pending.at.elapsed().as_secs_f64());
            calls.extend(self.settle(pending, outcome, &mut fanout));
        }
        self.deliver(fanout);
        self.end_revoked();
        // After the sessions: what a caller then asks them about has reached them.
        for (caller, event) in calls {
            if caller.send(Ok(event)).is_err() {
                log::debug!("nobody waited for a change that is done");
            }
        }
        self.advance_drain();
    }
}

impl ChatServer {
    /// Tells what came of a write, and answers the session that has asked; a caller, who has still to be
    /// answered, is given back.
    fn settle(
        &mut self,
        asked: PendingWrite,
        outcome: Result<ChatOutcome, Arc<StoreError>>,
        fanout: &mut Fanout,
    ) -> Option<AnsweredCaller> {
        let refusal = match outcome {
            Ok(ChatOutcome::Told { news, before }) => {
                for earlier in before {
                    self.hear(earlier, None, fanout);
                }
                let (by, called) = (news.by, called(&asked.asker, &news.event));
                let event = self.hear(news, asked.asker.request(), fanout);
                if by.is_none() {
                    answer(&asked, event, fanout);
                }
                return asked.asker.into_caller().zip(called);
            }
            Ok(ChatOutcome::Answered(event)) => {
                let called = called(&asked.asker, &event);
                let event = fanout.event(event);
                answer(&asked, event, fanout);
                return asked.asker.into_caller().zip(called);
            }
            Ok(ChatOutcome::Allowed(recipients)) => {
                self.tell_ephemeral(&asked, recipients, fanout);
                return None;
            }
            Ok(ChatOutcome::Refused(refusal)) => refusal,
            Err(error) => refusal_of(&error),
        };
        refuse(asked, refusal, fanout);
        None
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

/// The answer to a caller.
fn called(asker: &Asker, event: &Event) -> Option<Event> {
    match asker {
        Asker::Session(..) => None,
        Asker::Caller(_) => Some(event.clone()),
    }
}

fn answer(asked: &PendingWrite, event: EventKey, fanout: &mut Fanout) {
    if let Some(to) = asked.asker.request() {
        fanout.answer_event(event, asked.user, to);
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
