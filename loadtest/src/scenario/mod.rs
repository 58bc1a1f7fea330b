//! The kinds of load, and what they share.

pub mod alone;
pub mod assembly;
pub mod clock;
pub mod devices;
pub mod engine;
pub mod fanout;
pub mod history;
pub mod idle;
pub mod mixed;
pub mod pages;
pub mod pairs;
pub mod storm;
pub mod topics;
pub mod walk;

use crate::net::{End, Net};
use crate::record::Book;
use crate::rewind::scan::{Chat, Group};
use crate::topics::nats::Message as Published;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Opening,
    /// Load, not measured; also whatever is to be prepared.
    Warmup,
    /// Load, measured.
    Measuring,
    /// No new load; what is under way comes to its end.
    Draining,
    Finished,
}

/// What a kind of load works with.
#[derive(Debug)]
pub struct Desk {
    pub book: Book,
    pub run: u64,
    pub stage: Stage,
}

impl Desk {
    /// Opens a session that is due; whether it is on its way.
    pub fn open(&mut self, net: &mut Net, session: u32, account: u32) -> bool {
        self.book.trouble.sessions_due += 1;
        match net.open(session, account) {
            Ok(()) => true,
            Err(end) => {
                self.book.not_opened(net.now(), &end);
                false
            }
        }
    }
}

/// A kind of load.
pub trait Mode {
    /// The account of each session that is opened before the load begins.
    fn accounts(&self) -> Vec<u32>;
    /// The load begins.
    fn start(&mut self, _desk: &mut Desk, _net: &mut Net) {}
    /// Whether measuring may begin.
    fn is_prepared(&self) -> bool {
        true
    }
    /// Does what is due; says when to come again.
    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64;
    /// A session is upgraded.
    fn upgraded(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32) {}
    /// A session is logged in.
    fn ready(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32) {}
    /// A message came.
    fn chat(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _chat: &Chat<'_>) {}
    /// Something has become of a group.
    fn grouped(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _group: &Group) {}
    /// The echo of a mark.
    fn mark(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _at: u64) {}
    /// A heartbeat that was due at a moment is sent.
    fn beat(&mut self, _desk: &mut Desk, _session: u32, _at: u64) {}
    /// The echo of a heartbeat that was due at a moment.
    fn heartbeat(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _at: u64) {}
    /// A request was refused with a code.
    fn refused(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _code: u16) {}
    /// Why there can be no load.
    fn obstacle(&self) -> Option<&'static str> {
        None
    }
    /// An app said something to a console or a device.
    fn text(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _text: &[u8]) {}
    /// Pub/Sub has answered a request: status and body.
    fn answer(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _: (u16, &[u8])) {}
    /// NATS has sent a message.
    fn published(&mut self, _: &mut Desk, _: &mut Net, _session: u32, _: &Published<'_>) {}
    /// A session has ended.
    fn ended(&mut self, _desk: &mut Desk, _net: &mut Net, _session: u32, _end: &End) {}
    /// Whether all is done that was to be measured, before its time is over.
    fn is_done(&self) -> bool {
        false
    }
    /// No new load from now on; what was due until then and has not been sent is told.
    fn stop(&mut self, _desk: &mut Desk, _net: &mut Net) {}
    /// Whether nothing is under way.
    fn is_drained(&self) -> bool;
    /// Compares what was promised with what was kept.
    fn settle(&mut self, _desk: &mut Desk) {}
    /// What was set, for the report.
    fn conditions(&self) -> Vec<(&'static str, String)>;
    /// Which rates to report: name, tally, unit.
    fn rates(&self) -> Vec<(&'static str, &'static str)>;
    /// The tally that costs are divided by, and what one of it is called.
    fn unit(&self) -> (&'static str, &'static str);
    /// Whether it is about sessions that are open, whatever they do.
    fn is_about_sessions(&self) -> bool {
        false
    }
    /// Whether the load waits for answers, so that times need a correction.
    fn is_closed_loop(&self) -> bool;
}
