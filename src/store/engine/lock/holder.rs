//! Who has a lock: what a holder says about itself, as text beside the lock, and for people.

use std::{fmt, process};

use crate::domain::clock::Timestamp;

/// Who has a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process, as it sees itself: a container may count its own.
    pub pid: u32,
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// Where it listens; `None` for a command, and for a hub that has not started yet.
    pub address: Option<String>,
    /// Where its console listens by itself, if it does.
    pub console: Option<String>,
}

/// Instead of an address.
const NONE: &str = "-";

impl Holder {
    /// This process, which has the lock from now on.
    pub(in crate::store) fn starting(now: Timestamp) -> Self {
        Self {
            pid: process::id(),
            since: now.micros().div_euclid(1_000_000),
            address: None,
            console: None,
        }
    }

    /// The same, listening; its console too, perhaps, at an address of its own.
    pub(in crate::store) fn listening(&self, address: &str, console: Option<&str>) -> Self {
        let console = console.map(str::to_owned);
        Self { address: Some(address.to_owned()), console, ..self.clone() }
    }

    /// Whether it is a hub that listens: that one will keep the lock.
    pub fn is_hub(&self) -> bool {
        self.address.is_some()
    }

    /// As text of one line.
    pub fn text(&self) -> String {
        let address = self.address.as_deref().unwrap_or(NONE);
        let console = self.console.iter().map(|console| format!(",{console}"));
        format!("{} {} {address}{}", self.pid, self.since, console.collect::<String>())
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        let [pid, since, address] = *text.split_whitespace().collect::<Vec<_>>().as_slice() else {
            return None;
        };
        let (address, console) = match address.split_once(',') {
            Some((address, console)) => (address, Some(console.to_owned())),
            None => (address, None),
        };
        let address = (address != NONE).then(|| address.to_owned());
        Some(Self { pid: pid.parse().ok()?, since: since.parse().ok()?, address, console })
    }
}

/// `a hub has it: process 4711, since 2026-11-29T12:00:00Z, at http://127.0.0.1:8080`.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.is_hub() { "a hub" } else { "another tradewind" };
        write!(f, "{who} has it: process {}", self.pid)?;
        if let Ok(since) = jiff::Timestamp::from_second(self.since) {
            write!(f, ", since {since}")?;
        }
        self.address.iter().try_for_each(|address| write!(f, ", at http://{address}"))?;
        self.console.iter().try_for_each(|console| write!(f, ", its console at http://{console}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::engine::lock::holder::*;

    #[test]
    fn a_holder_is_what_it_says() {
        let command = Holder { pid: 7, since: 1_796_000_000, address: None, console: None };
        let hub = command.listening("127.0.0.1:8080", None);
        let with_console = command.listening("127.0.0.1:8080", Some("[::1]:8000"));
        for holder in [&command, &hub, &with_console] {
            assert_eq!(Holder::parse(&holder.text()).as_ref(), Some(holder));
        }
        let said = "a hub has it: process 7, since 2026-11-30T00:53:20Z, at http://127.0.0.1:8080";
        assert_eq!(hub.to_string(), said);
        let said = format!("{said}, its console at http://[::1]:8000");
        assert_eq!(with_console.to_string(), said);
        for torn in ["", "7", "7 1796000000", "seven 1796000000 -", "7 1 2 3"] {
            assert_eq!(Holder::parse(torn), None, "{torn:?}");
        }
    }
}
