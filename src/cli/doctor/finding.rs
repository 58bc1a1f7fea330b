//! What a check has found.

use std::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Good,
    /// The hub runs; somebody should look.
    Warning,
    /// The hub will not start, or not keep its word; or this could not be checked.
    Bad,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub struct Finding {
    check: &'static str,
    #[serde(rename = "verdict")]
    pub severity: Severity,
    found: String,
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl Finding {
    /// Nobody has to do anything.
    pub fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, severity: Severity::Good, found: found.into(), help: None }
    }

    /// The hub runs; somebody should do what `help` says.
    pub fn warning(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, found: found.into(), help: Some(help.into()) }
    }

    /// The hub does not run, or not as it should, until somebody does what `help` says.
    pub fn bad(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { check, severity: Severity::Bad, found: found.into(), help: Some(help.into()) }
    }
}

/// `bad      port: 127.0.0.1:8080 is taken` and below it what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Good => "good",
            Severity::Warning => "warning",
            Severity::Bad => "bad",
        };
        write!(f, "{severity:<8} {}: {}", self.check, self.found)?;
        self.help.iter().try_for_each(|help| write!(f, "\n           → {help}"))
    }
}
