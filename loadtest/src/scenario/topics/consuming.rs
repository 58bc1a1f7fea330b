//! What has come to consumers, and that they acknowledge it.

use super::super::Desk;
use super::{END_TO_END, Topics};
use crate::check::Fit;
use crate::net::Net;
use crate::number::index;
use crate::rewind::stamp::Stamp;
use crate::topics::nats::{self, Message};
use crate::topics::streams::Told;

/// Messages that a consumer of NATS asks for at once.
const PULL: usize = 1_000;

impl Topics {
    /// Consumers of NATS ask for their first messages.
    pub(super) fn pull_first(&mut self, net: &mut Net) {
        for (session, asked) in (self.args.publishers..).zip(&mut self.asked) {
            *asked = PULL;
            let consumer = &self.args.subscription;
            net.say(session, |out, _| nats::pull(out, consumer, session, PULL));
        }
    }

    fn came(&mut self, desk: &mut Desk, data: &[u8], at: u64) {
        let text = String::from_utf8_lossy(data);
        let Some(stamp) = Stamp::parse(data).filter(|stamp| stamp.fills(&text, self.size)) else {
            return desk.book.check.foreign(0, &text);
        };
        let own = stamp.run == desk.run;
        let sent = self.publishers.get(index(stamp.flow)).map_or(0, |one| one.flow.sent());
        match (own, self.drains()) {
            (true, false) if stamp.seq >= sent => return desk.book.check.foreign(0, &text),
            // Of an earlier run.
            (false, false) => return,
            _ => {}
        }
        let line = self.lines.entry((stamp.run, stamp.flow)).or_default();
        if line.take(stamp.seq) == Fit::Again {
            return desk.book.check.fit(Fit::Again, 0, stamp.flow, stamp.seq);
        }
        self.delivered += 1;
        desk.book.count("delivered", at);
        if own {
            desk.book.time(END_TO_END, stamp.at, at);
        }
    }

    /// Takes what streams have brought.
    pub(super) fn take(&mut self, desk: &mut Desk, net: &Net) {
        let Some(streams) = self.streams.take() else { return };
        for told in streams.news() {
            match told {
                Told::Open => {
                    self.are_open = true;
                    (0..self.args.consumers).for_each(|_| desk.book.opened());
                }
                Told::Ended(why) => self.failed = Some(format!("a consumer: {why}")),
                Told::Came(data, at) => {
                    let at = net.moment(at);
                    data.iter().for_each(|data| self.came(desk, data, at));
                }
            }
        }
        self.streams = Some(streams);
    }

    /// A message for a consumer of NATS: it is acknowledged, and more is asked for.
    pub(super) fn pulled(
        &mut self,
        desk: &mut Desk,
        net: &mut Net,
        session: u32,
        message: &Message<'_>,
    ) {
        let Some(reply) = message.reply else { return };
        net.say(session, |out, _| nats::acknowledge(out, reply));
        self.came(desk, message.payload, net.now());
        let place = index(session - self.args.publishers);
        if let Some(asked) = self.asked.get_mut(place) {
            *asked = asked.saturating_sub(1);
            if *asked < PULL / 2 {
                *asked += PULL;
                let consumer = &self.args.subscription;
                net.say(session, |out, _| nats::pull(out, consumer, session, PULL));
            }
        }
    }
}
