//! The store has committed: the hub takes note of the news, those concerned are told, the ones who asked are
//! answered.

use std::mem;
use std::sync::Arc;

use actix::{Context, Handler};

use crate::delivery::{Batches, EventKey, Fanout};
use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::apps::event::AppsEvent;
use crate::domain::chat::event::ChatEvent;
use crate::domain::close::CloseReason;
use crate::domain::event::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::news::{News, Recipients};
use crate::hub::access::refusal_of;
use crate::hub::mailboxes::sessions_at;
use crate::hub::presence::Bond;
use crate::hub::sessions::Entry;
use crate::hub::{Asker, CallerReply, ChatServer, PendingWrite};
use crate::store::{BatchEntry, ChatOutcome, Committed, Ephemeral, StoreError};

/// A caller, and what is answered.
type AnsweredCaller = (CallerReply, Event);

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let (mut fanout, mut calls) = (Fanout::default(), Vec::new());
        // Copied only if another subscriber looks at them still.
        for entry in Arc::unwrap_or_clone(committed.entries) {
            let (ticket, outcome) = match entry {
                BatchEntry::Command(ticket, outcome) => (ticket, outcome),
                BatchEntry::Job(news) => {
                    for told in news {
                        self.hear(told, None, &mut fanout);
                    }
                    continue;
                }
                BatchEntry::Unsettled => continue,
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
            Ok(ChatOutcome::Allowed(ephemeral, recipients)) => {
                self.pass(&asked, ephemeral, recipients, fanout);
                return None;
            }
            Ok(ChatOutcome::Refused(refusal)) => refusal,
            Err(error) => refusal_of(&error),
        };
        asked.refuse(refusal, fanout);
        None
    }

    /// Tells what is not stored.
    fn pass(
        &mut self,
        asked: &PendingWrite,
        ephemeral: Ephemeral,
        recipients: Recipients,
        fanout: &mut Fanout,
    ) {
        match ephemeral {
            Ephemeral::Signal { to, signal } => {
                let hidden = recipients.hidden_from.contains(&to);
                self.give(asked, (to, signal), hidden, fanout);
            }
            Ephemeral::Typing { room, typing } => {
                let typed = (asked.user, room, typing);
                self.typed(typed, recipients, asked.asker.session(), fanout);
                if let Some(to) = asked.asker.request() {
                    fanout.done(asked.user, to);
                }
            }
        }
    }

    /// Takes note of news, and tells them. If they are a user's doing, the session that has asked for it is
    /// answered by them. Whoever has asked, and on which node, makes no other difference.
    fn hear(
        &mut self,
        news: News,
        asker: Option<(SessionId, u64)>,
        fanout: &mut Fanout,
    ) -> EventKey {
        match &news.event {
            Event::Chat(ChatEvent::MessagePosted(message)) => {
                self.stop_typing((message.author, message.room), None, fanout);
            }
            Event::Accounts(AccountsEvent::LoginsEnded(ended)) => {
                self.parts.revoked.add(ended.clone(), self.parts.clock.now());
                self.revoked.push(ended.user);
            }
            Event::Chat(ChatEvent::GroupChanged(change)) => self.watchers.changed(change),
            Event::Apps(AppsEvent::TokensEnded(tokens)) => self.tokens_ended(tokens),
            Event::Apps(AppsEvent::Downstream(downstream)) => {
                let devices = news.recipients.others(None).count();
                self.parts.metrics.device_deliveries.inc_by(u64::try_from(devices).unwrap_or(0));
                self.show_at_widgets(downstream, &news.recipients);
            }
            Event::Chat(_)
            | Event::Accounts(AccountsEvent::Befriended { .. })
            | Event::Apps(_)
            | Event::Pubsub(_) => {}
        }
        let bound = bound(&news.event);
        let event = fanout.tell(news, asker);
        if let Some((pair, bond)) = bound {
            self.presence.bond(pair, bond);
            self.statuses.bond(pair, bond);
            if bond == Bond::Made {
                self.introduce(pair, fanout);
            }
        }
        event
    }

    /// Ends the sessions of log-ins that have ended; to be called once all that happened before is told.
    fn end_revoked(&mut self) {
        for user in mem::take(&mut self.revoked) {
            let is_void = |session: &SessionId| {
                let claims = self.sessions.get(*session).and_then(Entry::claims);
                claims.is_some_and(|claims| self.parts.revoked.cover(claims))
            };
            let sessions = self.presence.sessions(user).map(|(session, _)| session);
            for session in sessions.filter(is_void).collect::<Vec<_>>() {
                self.evict(session, CloseReason::TokenRevoked);
            }
        }
        self.end_void_tokens();
        self.tell_transitions();
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

/// The friendship that was made or ended, if that is what happened.
fn bound(event: &Event) -> Option<((UserId, UserId), Bond)> {
    let Event::Accounts(AccountsEvent::Befriended { verb, by, to }) = event else { return None };
    let bond = match verb {
        FriendVerb::Accept => Bond::Made,
        FriendVerb::End => Bond::Ended,
        FriendVerb::Request | FriendVerb::Discard | FriendVerb::Withdraw => return None,
    };
    Some(((by.id, *to), bond))
}
