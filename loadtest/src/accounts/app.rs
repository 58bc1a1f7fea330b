//! An app with devices, as `tradewind seed --devices` writes it.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::{Account, Role, is_plain};

/// The file.
#[derive(Deserialize)]
struct File {
    console: String,
    owners: Vec<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    token: String,
    devices: Vec<String>,
}

/// A device, and a token of its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    pub id: String,
    token: String,
}

/// An app to load with.
pub struct App {
    console: String,
    pub devices: Vec<Device>,
}

impl App {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is not of that form, or there is no device in it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let File { console, owners } =
            serde_json::from_str(text).context("not what `tradewind seed --devices` writes")?;
        let of = |Owner { token, devices }: Owner| {
            devices.into_iter().map(move |id| Device { id, token: token.clone() })
        };
        let devices: Vec<Device> = owners.into_iter().flat_map(of).collect();
        let plain = |device: &Device| is_plain(&device.id) && is_plain(&device.token);
        ensure!(is_plain(&console) && devices.iter().all(plain), "a token or an id is none");
        ensure!(!devices.is_empty(), "there is no device in it");
        Ok(Self { console, devices })
    }

    /// The accounts of the console and of the first devices, in this order.
    pub fn accounts(&self, devices: usize) -> Vec<Account> {
        let console = Account::of_app(self.console.clone(), Role::Console);
        let device = |device: &Device| {
            Account::of_app(device.token.clone(), Role::Device(device.id.clone()))
        };
        std::iter::once(console).chain(self.devices.iter().take(devices).map(device)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_comes_before_the_devices() {
        let app = r#"{"app":"u","console":"c","owners":[{"token":"t","devices":["a","b"]}]}"#;
        let accounts = App::parse(app).unwrap().accounts(1);
        assert_eq!(accounts.iter().map(|one| &*one.token).collect::<Vec<_>>(), ["c", "t"]);
        assert_eq!(accounts[1].role, Role::Device("a".to_owned()));
    }

    #[test]
    fn other_files_are_refused() {
        for text in [
            "[]",
            r#"{"console":"c","owners":[]}"#,
            r#"{"console":"","owners":[{"token":"t","devices":["a"]}]}"#,
            r#"{"console":"c","owners":[{"token":"\"","devices":["a"]}]}"#,
        ] {
            assert!(App::parse(text).is_err(), "{text}");
        }
    }
}
