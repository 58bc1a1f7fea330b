//! Messages from a console of an app to a group of its devices, one after another: session 0 is the console's, those
//! behind it are devices'. A message is done when all devices that are there have it and have said so, and the hub
//! has made the deliveries to all others.

use std::collections::VecDeque;
use std::time::Duration;

use crate::accounts::Device;
use crate::apps::scan::{DONE, Downstream, Line as ConsoleLine, ToDevice, to_device};
use crate::apps::{LIST_MAX, write};
use crate::args;
use crate::check::{Fit, Flow, Line};
use crate::http::Client;
use crate::hub::{self, Deliveries};
use crate::net::{End, Net};
use crate::number::{index, long, short};
use crate::record::meter::Meter;
use crate::record::trouble::Kind;
use crate::rewind::stamp::{LENGTH, Stamp};

use super::pairs::{RETRY, SOON};
use super::{Desk, Mode, Stage};

const CONSOLE: u32 = 0;
/// The meters, by their places.
const RESULT: usize = 0;
const TO_EACH: usize = 1;
const TO_LAST: usize = 2;
const MADE: usize = 3;
/// Between two looks at what the hub has still to do, and how long an answer may take.
const LOOK: u64 = 20_000_000;
const ANSWER: Duration = Duration::from_secs(3);

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The next part of the group is asked for, or is to be asked for at a moment.
    Grouping(Option<u64>),
    /// Nothing.
    Resting,
    /// A message, until its line and all devices that are there have been heard of.
    Sending {
        seq: u32,
        at: u64,
        missing: u32,
        has_line: bool,
    },
    /// A message's deliveries to the others, of which is asked at a moment.
    Spreading {
        at: u64,
        look_at: u64,
    },
    /// The last frame of each device, answered once all before it is done.
    Fencing {
        missing: u32,
    },
    Done,
    Failed(&'static str),
}

/// The mode.
pub struct Devices {
    hub: Client,
    connections: u32,
    size: usize,
    messages: Option<u32>,
    members: VecDeque<String>,
    /// How many will be in the group.
    all: u64,
    group: String,
    step: Step,
    flow: Flow,
    /// What each device has.
    lines: Vec<Line>,
    ended: Vec<bool>,
    /// Messages that are done.
    done: u32,
    /// Deliveries that the hub had made before the message under way.
    made: u64,
}

impl Devices {
    /// All that are connected are in the group.
    pub fn new(args: &args::Devices, devices: &[Device], hub: Client) -> Self {
        let all = args.group.map_or(devices.len(), index).min(devices.len());
        Self {
            hub,
            connections: args.connections,
            size: args.size.max(LENGTH),
            messages: args.messages,
            members: devices.iter().take(all).map(|device| device.id.clone()).collect(),
            all: long(all),
            group: String::new(),
            step: Step::Grouping(None),
            flow: Flow::default(),
            lines: vec![Line::default(); index(args.connections)],
            ended: vec![false; index(args.connections)],
            done: 0,
            made: 0,
        }
    }

    /// How many devices have a session.
    fn live(&self) -> u32 {
        short(self.ended.iter().filter(|ended| !**ended).count())
    }

    /// Asks for the next part of the group; whether there was one.
    fn group_more(&self, net: &mut Net) -> bool {
        let some: Vec<String> = self.members.iter().take(LIST_MAX).cloned().collect();
        let group = &self.group;
        !some.is_empty()
            && net.say(CONSOLE, |out, key| match group.as_str() {
                "" => write::create_group(out, key, &some),
                group => write::add_to_group(out, key, group, &some),
            })
    }

    /// A line about the group came.
    fn grouped(&mut self, desk: &mut Desk, net: &mut Net, line: ConsoleLine<'_>) {
        match (line.code, line.id()) {
            (DONE, Some(id)) => {
                id.clone_into(&mut self.group);
                self.members.drain(..self.members.len().min(LIST_MAX));
                if !self.group_more(net) {
                    // Not measured: with it, all that is made once is there.
                    self.send(desk, net);
                }
            }
            ("-1", _) => self.step = Step::Grouping(Some(net.now() + RETRY)),
            _ => self.step = Step::Failed("the group could not be made"),
        }
    }

    fn send(&mut self, desk: &mut Desk, net: &mut Net) {
        let (at, live) = (net.now(), self.live());
        let meters =
            [(RESULT, 1), (TO_EACH, u64::from(live)), (TO_LAST, u64::from(live.min(1))), (MADE, 1)];
        desk.book.due(&meters, at);
        if !net.is_ready(CONSOLE) {
            desk.book.trouble(Kind::NotSent, "the console's session is gone");
            self.step = Step::Failed("the console's session is gone");
            return;
        }
        let seq = self.flow.send();
        let stamp = Stamp { run: desk.run, flow: 0, seq, at };
        let (group, size) = (&self.group, self.size);
        net.say(CONSOLE, |out, key| write::send(out, key, group, stamp, size));
        desk.book.count("sent", at);
        self.step = Step::Sending { seq, at, missing: live, has_line: false };
    }

    /// The line of the message under way came.
    fn answered(&mut self, desk: &mut Desk, net: &Net, line: ConsoleLine<'_>) {
        let Step::Sending { seq, at, missing, .. } = self.step else {
            return desk.book.check.foreign(CONSOLE, line.name);
        };
        if line.code == DONE {
            let ack = self.flow.ack(seq);
            desk.book.check.ack(ack, 0, seq);
            desk.book.time(RESULT, at, net.now());
            self.step = Step::Sending { seq, at, missing, has_line: true };
        } else {
            self.flow.refuse();
            desk.book.trouble(Kind::Refused, &format!("{} {}", line.name, line.code));
            self.step = Step::Failed("a message was refused");
        }
        self.go_on(desk, net);
    }

    /// From a message that all have who are there to what is left of it.
    fn go_on(&mut self, desk: &mut Desk, net: &Net) {
        if let Step::Sending { at, missing: 0, has_line: true, .. } = self.step {
            if self.live() > 0 {
                desk.book.time(TO_LAST, at, net.now());
            }
            self.step = Step::Spreading { at, look_at: net.now() };
        }
    }

    fn ask(&mut self, desk: &mut Desk) -> Option<Deliveries> {
        let answer = hub::deliveries(&self.hub, ANSWER);
        if let Err(error) = &answer {
            desk.book.error(&format!("{error:#}"));
            self.step = Step::Failed("the hub does not say how many deliveries it has made");
        }
        answer.ok()
    }

    /// Asks the hub whether all deliveries are made.
    fn look(&mut self, desk: &mut Desk, net: &mut Net, at: u64) {
        let Some(Deliveries { made, writes }) = self.ask(desk) else { return };
        let now = net.look();
        if made < self.made + self.all || writes > 0 {
            self.step = Step::Spreading { at, look_at: now + LOOK };
            return;
        }
        self.made = made;
        desk.book.time(MADE, at, now);
        desk.book.count_many("made", self.all, now);
        self.done += 1;
        self.step = Step::Resting;
    }

    /// Asks each device for an answer behind all that it has said.
    fn fence(&mut self, net: &mut Net) {
        let asked = (1..=self.connections).filter(|session| net.say(*session, write::fence));
        let missing = short(asked.count());
        self.step = if missing == 0 { Step::Done } else { Step::Fencing { missing } };
    }

    fn fenced(&mut self) {
        self.step = match self.step {
            Step::Fencing { missing } if missing > 1 => Step::Fencing { missing: missing - 1 },
            Step::Fencing { .. } => Step::Done,
            other => other,
        };
    }

    /// A device has messages, and says so.
    fn received(
        &mut self,
        desk: &mut Desk,
        net: &mut Net,
        session: u32,
        messages: &[Downstream<'_>],
    ) {
        for message in messages {
            let Some(stamp) = Stamp::parse(message.data.as_bytes()) else { continue };
            if stamp.run == desk.run {
                self.take(desk, net, session, (stamp, &message.data));
            }
        }
        let ids = messages.iter().map(|message| message.id.as_ref());
        net.say(session, |out, key| write::acknowledge(out, key, ids));
        self.go_on(desk, net);
    }

    fn take(&mut self, desk: &mut Desk, net: &Net, session: u32, (stamp, data): (Stamp, &str)) {
        let line = self.lines.get_mut(index(session.saturating_sub(1)));
        let good = stamp.seq < self.flow.sent() && stamp.fills(data, self.size);
        let Some(line) = line.filter(|_| good) else {
            return desk.book.check.foreign(session, data);
        };
        let fit = line.take(stamp.seq);
        desk.book.check.fit(fit, session, 0, stamp.seq);
        if fit == Fit::Again {
            return;
        }
        desk.book.count("delivered", net.now());
        desk.book.time(TO_EACH, stamp.at, net.now());
        if let Step::Sending { seq, missing, .. } = &mut self.step
            && *seq == stamp.seq
        {
            *missing = missing.saturating_sub(1);
        }
    }

    /// Nothing is under way: whatever comes next.
    fn rest(&mut self, desk: &mut Desk, net: &mut Net) {
        // The one before measuring does not count.
        let enough = self.messages.is_some_and(|messages| self.done > messages);
        match desk.stage {
            Stage::Measuring if !enough => self.send(desk, net),
            Stage::Measuring | Stage::Draining => self.fence(net),
            Stage::Opening | Stage::Warmup | Stage::Finished => {}
        }
    }
}

impl Mode for Devices {
    fn accounts(&self) -> Vec<u32> {
        (0..=self.connections).collect()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let names = ["result line", "delivery to each", "delivery to the last", "all made"];
        desk.book.meters = names.map(Meter::new).into();
        for (session, ended) in (1_u32..).zip(&mut self.ended) {
            *ended = !net.is_ready(session);
        }
        let Some(Deliveries { made, .. }) = self.ask(desk) else { return };
        self.made = made;
        if !self.group_more(net) {
            self.step = Step::Failed("the console's session is not open");
        }
    }

    fn is_prepared(&self) -> bool {
        self.step == Step::Resting
    }

    fn obstacle(&self) -> Option<&'static str> {
        match self.step {
            Step::Failed(why) => Some(why),
            _ => None,
        }
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        match self.step {
            Step::Grouping(Some(due)) if due <= now => {
                self.group_more(net);
                self.step = Step::Grouping(None);
            }
            Step::Spreading { at, look_at } if look_at <= now => self.look(desk, net, at),
            Step::Resting => self.rest(desk, net),
            Step::Grouping(_)
            | Step::Sending { .. }
            | Step::Spreading { .. }
            | Step::Fencing { .. }
            | Step::Done
            | Step::Failed(_) => {}
        }
        match self.step {
            Step::Grouping(Some(due)) | Step::Spreading { look_at: due, .. } => due,
            _ => now + SOON,
        }
    }

    fn text(&mut self, desk: &mut Desk, net: &mut Net, session: u32, text: &[u8]) {
        if session != CONSOLE {
            return match to_device(text) {
                ToDevice::Messages(messages) => self.received(desk, net, session, &messages),
                ToDevice::Error => self.fenced(),
                ToDevice::Nonsense => desk.book.error("a frame that makes no sense"),
                ToDevice::Auth(_) | ToDevice::Other => {}
            };
        }
        match ConsoleLine::parse(text) {
            Some(line) if line.name.starts_with("onDeviceGroup") => self.grouped(desk, net, line),
            Some(line) if line.name == "onSendGroupMsgResult" => self.answered(desk, net, line),
            // Above the rate of a console's frames, before an action was read.
            Some(line) if line.code == "-1" && matches!(self.step, Step::Grouping(_)) => {
                self.step = Step::Grouping(Some(net.now() + RETRY));
            }
            Some(_) | None => desk.book.error("a line that makes no sense"),
        }
    }

    fn ended(&mut self, desk: &mut Desk, net: &mut Net, session: u32, _: &End) {
        if session == CONSOLE {
            self.flow.cut();
            if self.step != Step::Done {
                self.step = Step::Failed("the console's session is gone");
            }
            return;
        }
        let place = index(session - 1);
        let Some(ended) = self.ended.get_mut(place) else { return };
        *ended = true;
        let next = self.lines.get(place).map_or(0, Line::next);
        if let Step::Sending { seq, missing, .. } = &mut self.step
            && next <= *seq
        {
            *missing = missing.saturating_sub(1);
        }
        self.fenced();
        self.go_on(desk, net);
    }

    fn is_done(&self) -> bool {
        matches!(self.step, Step::Done | Step::Failed(_))
    }

    fn is_drained(&self) -> bool {
        self.is_done()
    }

    fn settle(&mut self, desk: &mut Desk) {
        for ((device, line), ended) in (1_u32..).zip(&self.lines).zip(&self.ended) {
            desk.book.check.settle(&self.flow, device, line, *ended);
        }
        desk.book.check.settle_author(&self.flow);
        if let Step::Failed(why) = self.step {
            desk.book.error(why);
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        vec![
            ("load", "one message at a time, until all have it".to_owned()),
            ("devices in the group", self.all.to_string()),
            ("of them connected", self.connections.to_string()),
            ("message", format!("{} bytes", self.size)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("sent", "messages"), ("made", "deliveries"), ("delivered", "deliveries")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("made", "delivery")
    }

    fn is_about_sessions(&self) -> bool {
        self.messages == Some(0)
    }

    fn is_closed_loop(&self) -> bool {
        true
    }
}
