//! Where values come from, one layer over the other: file, environment, command line.
//!
//! A layer only adds entries, and a later one replaces those of an earlier one. Sections then take
//! their settings out; what is left at the end nobody knows.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::error::{ConfigError, Fault, SettingProblem};
use super::file;
use super::value::{SettingValue, Typed};

/// What the names of variables start with that are settings.
pub const ENV_PREFIX: &str = "TRADEWIND__";

/// The file read when none is named.
pub const FILE_DEFAULT: &str = "tradewind.toml";

enum Raw {
    Typed(Typed),
    Text(String),
}

/// The values of all layers, by `section.key`.
#[derive(Default)]
pub struct Layers {
    entries: BTreeMap<String, (String, Raw)>,
    origins: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl Layers {
    /// Adds a file: the one named, which must exist, or `tradewind.toml` here if there is one.
    pub fn add_file(&mut self, file: Option<&Path>) -> Result<(), ConfigError> {
        let path = file.unwrap_or(Path::new(FILE_DEFAULT));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(fault) if file.is_none() && fault.kind() == io::ErrorKind::NotFound => {
                return Ok(());
            }
            Err(source) => return Err(ConfigError::Read { file: path.to_owned(), source }),
        };
        let settings = file::settings(&text)
            .map_err(|what| ConfigError::Syntax { file: path.to_owned(), what })?;
        let origin = path.display().to_string();
        for (key, value) in settings {
            self.entries.insert(key, (origin.clone(), Raw::Typed(value)));
        }
        Ok(())
    }

    /// Adds the variables `TRADEWIND__SECTION__KEY`, and those that are known by other names, each with its
    /// `section.key`; the former count more. No other is ours.
    pub fn add_env(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        others: &[(&str, &str)],
    ) {
        let mut own = Vec::new();
        for (name, text) in variables {
            if let Some(path) = name.strip_prefix(ENV_PREFIX) {
                own.push((path.to_ascii_lowercase().replace("__", "."), name, text));
            } else if let Some((_, key)) = others.iter().find(|(other, _)| *other == name) {
                self.entries.insert((*key).to_owned(), (name, Raw::Text(text)));
            }
        }
        for (key, name, text) in own {
            self.entries.insert(key, (name, Raw::Text(text)));
        }
    }

    /// Adds flags of the command line, as pairs of `section.key` and text.
    pub fn add_flags(&mut self, flags: &[(String, String)]) {
        for (key, text) in flags {
            let entry = ("command line".to_owned(), Raw::Text(text.clone()));
            self.entries.insert(key.clone(), entry);
        }
    }

    /// Takes a setting out; the default if no layer has it, or if its value is of a wrong type.
    pub fn take<T: SettingValue>(&mut self, section: &str, key: &str, default: T) -> T {
        let key = format!("{section}.{key}");
        let Some((origin, raw)) = self.entries.remove(&key) else { return default };
        let value = match raw {
            Raw::Typed(value) => T::from_typed(value),
            Raw::Text(text) => T::from_text(&text),
        };
        self.origins.insert(key.clone(), origin.clone());
        value.unwrap_or_else(|| {
            let problem = SettingProblem::MustBe(T::expected());
            self.faults.push(Fault { origin: Some(origin), key, problem });
            default
        })
    }

    /// All faults: unknown keys, wrong types, and `broken` rules with the origin of their value.
    pub fn into_faults(self, broken: Vec<Fault>) -> Vec<Fault> {
        let unknown = self.entries.into_iter().map(|(key, (origin, _))| Fault {
            origin: Some(origin),
            key,
            problem: SettingProblem::Unknown,
        });
        let broken = broken
            .into_iter()
            .map(|fault| Fault { origin: self.origins.get(&fault.key).cloned(), ..fault });
        unknown.chain(self.faults).chain(broken).collect()
    }
}
