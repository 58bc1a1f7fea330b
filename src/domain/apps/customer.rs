//! Customer chat: visitors of an app's pages and its agents, their conversations, and what is said there.
//!
//! A conversation is a group of chat, and its messages are chat's; here is what they have beyond that.

use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, GroupId, MessageId, UserId};
use crate::domain::text::is_showable;

/// The longest request, or frame of a socket, in bytes.
pub const REQUEST_BYTES_MAX: usize = 262_144;
/// The longest body of a message, in bytes.
pub const BODY_BYTES_MAX: usize = 65_536;
/// The longest name that a client gives to a message, in bytes.
pub const MESSAGE_UUID_BYTES_MAX: usize = 128;
/// The shortest secret by which a visitor is known again, in characters.
pub const TRACE_CHARS_MIN: usize = 16;
/// The longest secret of a visitor, or name of a terminal, in bytes.
pub const TERMINAL_BYTES_MAX: usize = 512;
/// The longest name under which somebody is shown, in characters.
pub const SHOWN_NAME_CHARS_MAX: usize = 64;
/// The longest address of a picture of somebody, in bytes.
pub const ICON_BYTES_MAX: usize = 1_024;
/// Messages, or pushes, of one page.
pub const PAGE_SIZE_MAX: u32 = 100;
/// The same, if nobody says how many.
pub const PAGE_SIZE: u32 = 30;
/// Conversations of one list: those that have changed last.
pub const LIST_MAX: u32 = 100;
/// Agents of one app: with a visitor they fill a group.
pub const AGENTS_MAX: usize = 999;

/// A message, as a client sends it. Its texts have been looked at by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerMessage {
    /// The sender's name for it, unique in the app: whoever repeats it sends nothing new.
    pub uuid: String,
    /// `None` for what can be no conversation.
    pub conversation: Option<GroupId>,
    /// `NOTI` is the only good one.
    pub message_type: String,
    /// The name of a [`MessageSubtype`].
    pub subtype: String,
    pub body: String,
}

/// What came of a message that somebody has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is stored, now or since the sender has sent it before.
    Sent,
    /// There is no such conversation, or the sender is not in it.
    NoConversation,
    /// Its type, subtype or body is none, or the name is that of another message.
    Illegal,
}

macro_rules! named {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $doc])* $variant,)+
        }

        impl $name {
            /// As the wire says it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What the wire calls so.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

named! {
    /// What the body of a message is.
    MessageSubtype {
        /// The text itself.
        Text = "TEXT",
        /// A long text, as a file.
        LongText = "TXT",
        Image = "IMAGE",
        File = "FILE",
        Audio = "AUDIO",
    }
}

named! {
    /// Who talks to whom in a message.
    MessageDirection {
        FromVisitor = "P2S",
        ToVisitor = "S2P",
        /// Among agents.
        Agents = "S2S",
    }
}

named! {
    /// Who talks to whom in a conversation.
    ConversationKind {
        /// A visitor and agents.
        Visitor = "P2S",
        /// Agents.
        Agents = "S2S",
    }
}

named! {
    /// How far a conversation has come.
    ConversationStatus {
        /// Nothing has been said.
        New = "NEW",
        Open = "OPEN",
        Closed = "CLOSE",
    }
}

impl ConversationKind {
    /// The number by which it is stored.
    pub const fn number(self) -> i16 {
        match self {
            Self::Visitor => 0,
            Self::Agents => 1,
        }
    }

    /// The direction of what a visitor, or an agent, says.
    pub const fn direction(self, is_agent: bool) -> MessageDirection {
        match (self, is_agent) {
            (Self::Agents, _) => MessageDirection::Agents,
            (Self::Visitor, true) => MessageDirection::ToVisitor,
            (Self::Visitor, false) => MessageDirection::FromVisitor,
        }
    }
}

impl ConversationStatus {
    /// The number by which it is stored.
    pub const fn number(self) -> i16 {
        match self {
            Self::New => 0,
            Self::Open => 1,
            Self::Closed => 2,
        }
    }
}

/// A visitor or agent, as those see who talk to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppUser {
    pub app: AppId,
    pub id: UserId,
    pub is_agent: bool,
    pub shown_name: String,
    /// Where a picture is.
    pub icon: Option<String>,
    pub email: Option<String>,
    pub updated_at: Timestamp,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: GroupId,
    pub app: AppId,
    /// The visitor; nobody between agents.
    pub visitor: Option<UserId>,
    /// The agent, if there is only one.
    pub assigned: Option<UserId>,
    pub kind: ConversationKind,
    pub status: ConversationStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A message of a conversation, as its members get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationMessage {
    pub id: MessageId,
    /// The sender's name for it.
    pub uuid: String,
    pub app: AppId,
    pub conversation: GroupId,
    pub from: AppUser,
    /// Whether the app itself says it, and not the author of the row.
    pub is_machine: bool,
    pub direction: MessageDirection,
    pub subtype: MessageSubtype,
    /// As it is delivered.
    pub body: String,
    pub at: Timestamp,
}

/// Which page somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAsked {
    pub from: PageFrom,
    /// How many pages are skipped.
    pub offset: u32,
    /// At most so many.
    pub size: u32,
}

/// Where a page lies, by the name of a message or push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageFrom {
    Newest,
    Before(String),
    After(String),
}

impl PageAsked {
    /// How many messages, or pushes, are skipped.
    pub fn skipped(&self) -> i64 {
        i64::from(self.offset).saturating_mul(self.size.into())
    }
}

/// Whether somebody may be shown under this name.
pub fn is_shown_name(name: &str) -> bool {
    let chars = name.chars().take(SHOWN_NAME_CHARS_MAX.saturating_add(1)).count();
    (1..=SHOWN_NAME_CHARS_MAX).contains(&chars) && is_showable(name)
}

/// Whether this may say where a picture of somebody is: an address of the web, or the name of a file.
pub fn is_icon(icon: &str) -> bool {
    let is_plain = icon.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`\\".contains(c));
    let before_colon = icon.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_web = before_colon.is_none_or(|scheme| ["http", "https"].contains(&scheme.as_str()));
    icon.len() <= ICON_BYTES_MAX && is_plain && is_web
}

/// Whether a client may name a message so: 1 to [`MESSAGE_UUID_BYTES_MAX`] bytes without controls.
pub fn is_message_name(name: &str) -> bool {
    (1..=MESSAGE_UUID_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Whether this can be the secret by which a visitor is known again.
pub fn is_trace(secret: &str) -> bool {
    secret.len() <= TERMINAL_BYTES_MAX && secret.chars().count() >= TRACE_CHARS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_found_by_its_name() {
        for subtype in ["TEXT", "TXT", "IMAGE", "FILE", "AUDIO"] {
            assert_eq!(MessageSubtype::parse(subtype).map(MessageSubtype::name), Some(subtype));
        }
        for none in ["", "text", "VIDEO"] {
            assert_eq!(MessageSubtype::parse(none), None);
        }
        assert_eq!(ConversationKind::parse("S2P"), None);
    }

    #[test]
    fn the_direction_is_that_of_the_sender() {
        for (kind, is_agent, direction) in [
            (ConversationKind::Visitor, false, "P2S"),
            (ConversationKind::Visitor, true, "S2P"),
            (ConversationKind::Agents, true, "S2S"),
        ] {
            assert_eq!(kind.direction(is_agent).name(), direction);
        }
    }

    #[test]
    fn names_pictures_and_secrets_have_bounds() {
        let name = |chars: usize| is_shown_name(&"é".repeat(chars));
        assert!(name(1) && name(SHOWN_NAME_CHARS_MAX) && !name(SHOWN_NAME_CHARS_MAX + 1));
        assert!(!is_shown_name("") && !is_shown_name(" ") && !is_shown_name("a\nb"));
        for good in ["", "https://a.example/x.png?y=1", "//a.example/x", "x.png", "HTTP://a"] {
            assert!(is_icon(good), "{good}");
        }
        for bad in ["javascript:alert(1)", "data:image/png,", "a b", "\"onload=", "é"] {
            assert!(!is_icon(bad), "{bad}");
        }
        let icon = |bytes: usize| is_icon(&"x".repeat(bytes));
        assert!(icon(ICON_BYTES_MAX) && !icon(ICON_BYTES_MAX + 1));
        let named = |bytes: usize| is_message_name(&"x".repeat(bytes));
        assert!(named(1) && named(MESSAGE_UUID_BYTES_MAX) && !named(MESSAGE_UUID_BYTES_MAX + 1));
        assert!(!named(0) && !is_message_name("a\0"));
        let trace = |chars: usize| is_trace(&"x".repeat(chars));
        assert!(trace(TRACE_CHARS_MIN) && !trace(TRACE_CHARS_MIN - 1));
        assert!(trace(TERMINAL_BYTES_MAX) && !trace(TERMINAL_BYTES_MAX + 1));
    }
}
