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
    /// Where Pub/Sub listens, if it does.
    pub pubsub: Option<String>,
}

/// Where a hub listens beside its main address: its console, and Pub/Sub.
pub type OtherAddresses<'a> = [Option<&'a str>; 2];

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
            pubsub: None,
        }
    }

    /// The same, listening; perhaps at other addresses, too.
    pub(in crate::store) fn listening(&self, address: &str, others: OtherAddresses<'_>) -> Self {
        let [console, pubsub] = others.map(|other| other.map(str::to_owned));
        Self { address: Some(address.to_owned()), console, pubsub, ..self.clone() }
    }

    /// Whether it is a hub that listens: that one will keep the lock.
    pub fn is_hub(&self) -> bool {
        self.address.is_some()
    }

    /// As text of one line. An address on the host of the main one is its port alone: there is not always much
    /// room.
    pub fn text(&self) -> String {
        let address = self.address.as_deref().unwrap_or(NONE);
        let host = host(address);
        let short = |other: &Option<String>| {
            let other = other.as_deref()?;
            Some(
                other
                    .strip_prefix(host)
                    .filter(|port| port.starts_with(':'))
                    .unwrap_or(other)
                    .to_owned(),
            )
        };
        let others = match (short(&self.console), short(&self.pubsub)) {
            (None, None) => String::new(),
            (Some(console), None) => format!(",{console}"),
            (console, Some(pubsub)) => format!(",{},{pubsub}", console.as_deref().unwrap_or(NONE)),
        };
        format!("{} {} {address}{others}", self.pid, self.since)
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        let [pid, since, address] = *text.split_whitespace().collect::<Vec<_>>().as_slice() else {
            return None;
        };
        let mut addresses = address.split(',');
        let address = addresses.next().filter(|address| *address != NONE);
        let mut other = || {
            let other = addresses.next().filter(|other| *other != NONE)?;
            let host = if other.starts_with(':') { host(address?) } else { "" };
            Some(format!("{host}{other}"))
        };
        let (console, pubsub) = (other(), other());
        let address = address.map(str::to_owned);
        Some(Self { pid: pid.parse().ok()?, since: since.parse().ok()?, address, console, pubsub })
    }
}

/// An address without its port.
fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or("", |(host, _)| host)
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
        self.console
            .iter()
            .try_for_each(|console| write!(f, ", its console at http://{console}"))?;
        self.pubsub.iter().try_for_each(|pubsub| write!(f, ", Pub/Sub at http://{pubsub}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::engine::lock::holder::*;

    #[test]
    fn a_holder_is_what_it_says() {
        let command =
            Holder { pid: 7, since: 1_796_000_000, address: None, console: None, pubsub: None };
        let hub = command.listening("127.0.0.1:8080", [None, None]);
        let with_console = command.listening("127.0.0.1:8080", [Some("[::1]:8000"), None]);
        let with_pubsub = command.listening("127.0.0.1:8080", [None, Some("127.0.0.1:8085")]);
        let with_both = command.listening("[::1]:8080", [Some("[::1]:8000"), Some("[::]:8085")]);
        for holder in [&command, &hub, &with_console, &with_pubsub, &with_both] {
            assert_eq!(Holder::parse(&holder.text()).as_ref(), Some(holder));
        }
        assert_eq!(with_pubsub.text(), "7 1796000000 127.0.0.1:8080,-,:8085");
        assert_eq!(with_both.text(), "7 1796000000 [::1]:8080,:8000,[::]:8085");
        let said = "a hub has it: process 7, since 2026-11-30T00:53:20Z, at http://127.0.0.1:8080";
        assert_eq!(hub.to_string(), said);
        let said = format!("{said}, its console at http://[::1]:8000");
        assert_eq!(with_console.to_string(), said);
        assert!(with_both.to_string().ends_with(", Pub/Sub at http://[::]:8085"));
        for torn in ["", "7", "7 1796000000", "seven 1796000000 -", "7 1 2 3"] {
            assert_eq!(Holder::parse(torn), None, "{torn:?}");
        }
    }
}
