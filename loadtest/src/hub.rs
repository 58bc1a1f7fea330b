//! What the hub says of itself: `tradewind_info` of its `/metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use crate::http::Client;

/// How long to wait for it: a hub that is paused shall not hold up the run.
const SOON: Duration = Duration::from_secs(3);
const INFO: &str = "tradewind_info{";

/// Which hub was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hub {
    /// Its version, if it says so.
    pub version: Option<String>,
    pub settings: BTreeMap<String, String>,
    /// Why nothing is known.
    pub unknown: Option<String>,
}

impl Hub {
    /// Asks for it.
    pub fn ask(client: &Client) -> Self {
        match client.text("/metrics", SOON) {
            Ok(text) => Self::parse(&text),
            Err(error) => Self::unknown(format!("/metrics: {error:#}")),
        }
    }

    /// Nothing is known.
    pub fn unknown(why: String) -> Self {
        Self { unknown: Some(why), ..Self::default() }
    }

    /// Reads the labels of the info among metrics.
    pub fn parse(metrics: &str) -> Self {
        let line = metrics.lines().find_map(|line| line.strip_prefix(INFO));
        let mut settings = line.map(labels).unwrap_or_default();
        let version = settings.remove("version");
        let unknown = version.is_none().then(|| "its /metrics do not tell".to_owned());
        Self { version, settings, unknown }
    }

    /// For people.
    pub fn words(&self) -> Vec<(String, String)> {
        let version = match (&self.version, &self.unknown) {
            (Some(version), _) => version.clone(),
            (None, Some(why)) => format!("unknown: {why}"),
            (None, None) => return Vec::new(),
        };
        let mut lines = vec![("hub".to_owned(), version)];
        if !self.settings.is_empty() {
            let settings: Vec<String> =
                self.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            lines.push(("settings of the hub".to_owned(), settings.join(", ")));
        }
        lines
    }
}

/// How far a hub is with deliveries to devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// How many it has made since its start.
    pub made: u64,
    /// Writes that wait, acknowledgements among them.
    pub writes: u64,
}

/// Asks a hub how far it is with deliveries.
///
/// # Errors
/// If it cannot be asked, or does not say.
pub fn deliveries(client: &Client, soon: Duration) -> anyhow::Result<Deliveries> {
    let text = client.text("/metrics", soon)?;
    let value = |name: &str| {
        let of = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(of).with_context(|| format!("/metrics has no {name}"))
    };
    let made = value("tradewind_device_deliveries_total")?;
    Ok(Deliveries { made, writes: value("tradewind_store_pending_ops")? })
}

/// `name="value",…}`, where a backslash escapes.
fn labels(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once("=\"") {
        let (mut word, mut escaped, mut end) = (String::new(), false, value.len());
        for (place, sign) in value.char_indices() {
            match sign {
                '\\' if !escaped => escaped = true,
                '"' if !escaped => {
                    end = place + 1;
                    break;
                }
                sign => {
                    word.push(if escaped && sign == 'n' { '\n' } else { sign });
                    escaped = false;
                }
            }
        }
        found.insert(name.trim_start_matches(',').to_owned(), word);
        rest = value.get(end..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_says_what_it_is() {
        let text = "tradewind_sessions 0\ntradewind_info{durability=\"synced\",version=\"0.1.0\",\
                    odd=\"a\\\"b\\\\c,}\"} 1\n";
        let hub = Hub::parse(text);
        assert_eq!((hub.version.as_deref(), &hub.unknown), (Some("0.1.0"), &None));
        assert_eq!(hub.settings["durability"], "synced");
        assert_eq!(hub.settings["odd"], "a\"b\\c,}");
    }

    #[test]
    fn one_that_does_not_is_unknown() {
        for text in ["", "tradewind_sessions 0\n", "tradewind_info{} 1", "tradewind_info{a"] {
            let hub = Hub::parse(text);
            assert!(hub.version.is_none() && hub.unknown.is_some(), "{text}");
            assert!(hub.words()[0].1.starts_with("unknown"), "{text}");
        }
    }
}
