//! The store has committed: the one who asked is answered, and those concerned are told.

use actix::{Context, Handler};

use crate::dialect::{Frame, Kind};
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::domain::message::Message;
use crate::hub::access::refusal;
use crate::hub::delivery::Delivery;
use crate::hub::fanout::{Broadcast, Fanout};
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
    fn tell(&self, asked: &UnderWay, outcome: Result<Done, StoreError>, fanout: &mut Fanout) {
        match outcome {
            Ok(Done::Posted(message)) => {
                let ends = ends(&message);
                self.announce(asked, Broadcast::new(Event::MessagePosted(message)), ends, fanout);
            }
            Ok(Done::Repeated(message)) => {
                let mut event = Broadcast::new(Event::MessagePosted(message));
                self.answer(asked, |kind| event.frame(kind, Viewer::Author), fanout);
            }
            Ok(Done::Edited(message)) => {
                let ends = ends(&message);
                self.announce(asked, Broadcast::new(Event::MessageEdited(message)), ends, fanout);
            }
            Ok(Done::Befriended { actor, other, verb, changed }) => {
                if changed {
                    let mut event = Broadcast::new(Event::Befriended { verb, by: actor });
                    self.push(&mut event, (other, Viewer::Peer), None, fanout);
                }
                self.answer(asked, |kind| Some(kind.befriended()), fanout);
            }
            Ok(Done::Refused(refusal)) => {
                self.answer(asked, |kind| Some(kind.refusal(refusal)), fanout);
            }
            Err(error) => {
                let refusal = refusal(error);
                self.answer(asked, |kind| Some(kind.refusal(refusal)), fanout);
            }
        }
    }

    /// A message was sent or changed: its author's session is answered, all others are told.
    fn announce(
        &self,
        asked: &UnderWay,
        mut event: Broadcast,
        (author, peer): (UserId, UserId),
        fanout: &mut Fanout,
    ) {
        self.push(&mut event, (peer, Viewer::Peer), None, fanout);
        self.push(&mut event, (author, Viewer::OwnOther), Some(asked.session), fanout);
        self.answer(asked, |kind| event.frame(kind, Viewer::Author), fanout);
    }

    /// Tells all sessions of a user but one.
    fn push(
        &self,
        event: &mut Broadcast,
        (user, viewer): (UserId, Viewer),
        except: Option<SessionId>,
        fanout: &mut Fanout,
    ) {
        for session in self.presence.sessions(user).iter().copied() {
            let kind = self.sessions.get(session).map(|entry| entry.outlet.kind);
            if Some(session) == except {
                continue;
            }
            if let Some(frame) = kind.and_then(|kind| event.frame(kind, viewer)) {
                fanout.add(session, Delivery::Push(frame));
            }
        }
    }

    fn answer(
        &self,
        asked: &UnderWay,
        frame: impl FnOnce(Kind) -> Option<Frame>,
        fanout: &mut Fanout,
    ) {
        let kind = self.sessions.get(asked.session).map(|entry| entry.outlet.kind);
        if let Some(frame) = kind.and_then(frame) {
            fanout.add(asked.session, Delivery::Answer(asked.request, frame));
        }
    }

    /// Hands everything over; a session that does not keep up is put out at once.
    pub(in crate::hub) fn deliver(&mut self, fanout: Fanout) {
        for (session, items) in fanout.into_deliveries() {
            let Some(entry) = self.sessions.get(session) else { continue };
            if entry.outlet.deliver(items, self.settings.outbox_bytes_max).is_err() {
                self.evict(session, CloseReason::SlowConsumer);
            }
        }
    }
}

fn ends(message: &Message) -> (UserId, UserId) {
    (message.author, message.pair.other(message.author))
}
