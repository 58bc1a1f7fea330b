//! An app: a name, keys of four levels, and what its owner has set.

use std::fmt;

use crate::domain::id::AppId;
use crate::domain::text::is_showable;

/// The longest name of an app, in characters.
pub const APP_NAME_CHARS_MAX: usize = 64;
/// The longest text that an app shows by itself (welcome, offline text), in bytes.
pub const APP_TEXT_BYTES_MAX: usize = 4_096;

/// What a key is for. A token has the level of the key that it was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Widgets in pages. The key and its secret are public.
    Ppcom,
    /// Agents.
    Ppkefu,
    /// Operators: the console, and administration.
    ThirdPartyConsole,
    /// Administration, as the original's own console did it.
    Ppconsole,
}

impl Level {
    /// All, in the order in which keys are shown.
    pub const ALL: [Self; 4] =
        [Self::Ppcom, Self::Ppkefu, Self::ThirdPartyConsole, Self::Ppconsole];

    /// As the wire and the command line say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ppcom => "PPCOM",
            Self::Ppkefu => "PPKEFU",
            Self::ThirdPartyConsole => "THIRD_PARTY_CONSOLE",
            Self::Ppconsole => "PPCONSOLE",
        }
    }

    /// The level of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Whether it administers its app: its users, its history, its settings.
    pub const fn administers(self) -> bool {
        matches!(self, Self::ThirdPartyConsole | Self::Ppconsole)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An app, as its owner and its users see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub id: AppId,
    pub name: String,
    pub settings: AppSettings,
}

/// What an app's owner may set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppSettings {
    /// Whose pages may use the app's keys and sockets, as origins; empty for all.
    pub allowed_origins: Vec<String>,
    /// Shown to a visitor who opens a conversation.
    pub welcome: String,
    /// Sent to a visitor who writes while no agent is online.
    pub offline_text: String,
    /// Whether [`AppSettings::offline_text`] is sent.
    pub return_offline: bool,
    /// Whether a widget may say by an e-mail address alone who its visitor is.
    pub trust_email: bool,
}

/// Whether an app may have this name: 1 to [`APP_NAME_CHARS_MAX`] characters that can be shown.
pub fn is_app_name(name: &str) -> bool {
    let chars = name.chars().count();
    (1..=APP_NAME_CHARS_MAX).contains(&chars) && name.trim() == name && is_showable(name)
}
