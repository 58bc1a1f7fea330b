//! The store has committed: the one who asked is answered, and those concerned are told.

use actix::{Context, Handler};

use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Viewer};
use crate::domain::friendship::FriendVerb;
use crate::domain::id::UserId;
use crate::domain::message::Message;
use crate::hub::access::refusal;
use crate::hub::fanout::Fanout;
use crate::hub::handlers::signal::Ruled;
use crate::hub::presence::Bond;
use crate::hub::{ChatServer, UnderWay};
use crate::store::{Committed, Done, StoreError};

impl Handler<Committed> for ChatServer {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let mut fanout = Fanout::default();
        for (ticket, outcome) in committed.0 {
            let Some(under_way) = self.under_way.pop_front() else { continue };
            debug_assert_eq!(under_way.ticket, ticket, "the store answers in order");
            self.parts.metrics.submit_seconds.observe(under_way.at.elapsed().as_secs_f64());
            self.tell(&under_way, outcome, &mut fanout);
        }
        self.deliver(fanout);
        self.advance_drain();
    }
}

impl ChatServer {
    fn tell(&mut self, asked: &UnderWay, outcome: Result<Done, StoreError>, fanout: &mut Fanout) {
        match outcome {
            Ok(Done::Posted(message)) => {
                let ends = ends(&message);
                announce(asked, Event::MessagePosted(message), ends, fanout);
            }
            Ok(Done::Repeated(message)) => {
                let event = fanout.event(Event::MessagePosted(message));
                fanout.answer_event(event, asked.user, asked.request());
            }
            Ok(Done::Edited(message)) => {
                let ends = ends(&message);
                announce(asked, Event::MessageEdited(message), ends, fanout);
            }
            Ok(Done::Signalled { hidden }) => {
                if let Some((from, to, signal)) = asked.signal.clone() {
                    self.give(asked, Ruled { from, to, signal, hidden }, fanout);
                }
            }
            Ok(Done::Befriended { actor, other, verb, changed }) => {
                if let Some(bond) = bond(verb).filter(|_| changed) {
                    self.presence.bond((actor.id, other), bond);
                }
                if changed {
                    let event = fanout.event(Event::Befriended { verb, by: actor });
                    fanout.push(event, (other, Viewer::Peer), None);
                }
                if let Some(entry) = self.sessions.get(asked.session) {
                    fanout.answer(entry.outlet.kind.befriended(), asked.user, asked.request());
                }
            }
            Ok(Done::Refused(refusal)) => fanout.refuse(refusal, asked.user, asked.request()),
            Err(error) => fanout.refuse(refusal(error), asked.user, asked.request()),
        }
    }

    /// Hands everything over; a session that does not keep up is put out at once, and its user's
    /// friends are told.
    pub(in crate::hub) fn deliver(&mut self, fanout: Fanout) {
        self.hand_over(fanout);
        self.tell_goings();
    }

    /// Hands everything over. To be followed by [`ChatServer::tell_goings`].
    pub(in crate::hub) fn hand_over(&mut self, fanout: Fanout) {
        let mut slow = Vec::new();
        fanout.deliver(
            |user| self.presence.sessions(user),
            |session, deliver| {
                let Some(entry) = self.sessions.get(session) else { return };
                if entry.outlet.deliver(deliver, self.settings.outbox_bytes_max).is_err() {
                    slow.push(session);
                }
            },
        );
        for session in slow {
            self.evict(session, CloseReason::SlowConsumer);
        }
    }
}

/// A message was sent or changed: its author's session is answered, all others are told.
fn announce(asked: &UnderWay, event: Event, ends: Ends, fanout: &mut Fanout) {
    let Ends { author, peer, hidden } = ends;
    let event = fanout.event(event);
    if !hidden {
        fanout.push(event, (peer, Viewer::Peer), None);
    }
    fanout.push(event, (author, Viewer::OwnOther), Some(asked.session));
    fanout.answer_event(event, author, asked.request());
}

/// What a verb that has changed something does to a friendship.
fn bond(verb: FriendVerb) -> Option<Bond> {
    match verb {
        FriendVerb::Accept => Some(Bond::Made),
        FriendVerb::End => Some(Bond::Ended),
        FriendVerb::Request | FriendVerb::Discard => None,
    }
}

/// Whom a message concerns.
struct Ends {
    author: UserId,
    peer: UserId,
    /// Whether the peer is not to see it.
    hidden: bool,
}

fn ends(message: &Message) -> Ends {
    let peer = message.pair.other(message.author);
    Ends { author: message.author, peer, hidden: message.hidden }
}
