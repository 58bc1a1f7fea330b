//! What can be wrong with a configuration.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why no configuration could be had.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: cannot be read", file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is no TOML. The text of the parser is cut to one line that quotes nothing of the
    /// file, which may hold secrets.
    #[error("{}: {what}", file.display())]
    Syntax {
        file: PathBuf,
        /// Where and what.
        what: String,
    },
    /// Settings are wrong; one line each.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

/// One setting that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file or the environment variable that says so; `None` if unknown.
    pub origin: Option<String>,
    /// The setting, as `section.key`.
    pub key: String,
    pub problem: SettingProblem,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingProblem {
    Unknown,
    /// The value is not what it must be, in words that follow "must be".
    MustBe(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        match &self.problem {
            SettingProblem::Unknown => write!(f, "unknown key {:?}", self.key),
            SettingProblem::MustBe(what) => write!(f, "{:?} must be {what}", self.key),
        }
    }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}
