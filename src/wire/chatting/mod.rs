//! The dialect of game lobbies: flat JSON frames told apart by their keys, ids as numbers, UTC.
//!
//! The contract is in `docs/protocol/chatting.md`. Text is escaped here, at the way out, once; the
//! domain keeps it raw.

pub mod decode;
pub mod encode;
pub mod id;
mod settings;

use crate::config::choice;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Topic, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::domain::principal::{IdentifyError, Principal};
use crate::wire::{
    Context, Decoded, Dialect, DialectId, Frame, KeepAlive, Options, Rejection, Signs, Variant,
};

pub use settings::Settings;

choice! {
    /// How ids are written: all that a session may choose.
    Ids {
        /// As JSON numbers.
        Number = "number",
        /// As JSON strings.
        String = "string",
    }
}

impl Ids {
    /// The dialect with ids written so.
    pub const fn variant(self) -> Variant {
        let bits = match self {
            Self::Number => 0,
            Self::String => 1,
        };
        DialectId::CHATTING.with(Options::new(bits))
    }
}

impl From<Options> for Ids {
    fn from(options: Options) -> Self {
        match options.bits() {
            0 => Self::Number,
            _ => Self::String,
        }
    }
}

/// The dialect.
pub struct Chatting {
    pub settings: Settings,
    keep_alive: KeepAlive,
}

/// How frames are written for a session.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    pub ids: Ids,
    /// The words that clients compare, among the rest.
    pub settings: &'a Settings,
}

impl Chatting {
    /// The dialect with its times and words.
    pub fn new(settings: &Settings) -> Self {
        let keep_alive = KeepAlive {
            signs: Signs::Anything,
            identify_timeout: settings.login_timeout(),
            silence_max: settings.ping_timeout(),
            ping_interval: Some(settings.ping_interval()),
            ends_with_token: false,
        };
        Self { settings: settings.clone(), keep_alive }
    }

    /// How frames are written with these options.
    pub fn style(&self, options: Options) -> Style<'_> {
        Style { ids: options.into(), settings: &self.settings }
    }
}

impl Dialect for Chatting {
    fn keep_alive(&self, _: Options) -> &KeepAlive {
        &self.keep_alive
    }

    fn decode(&self, text: &str, context: Context<'_>) -> Decoded {
        decode::text(self.style(context.options), text, context)
    }

    fn decode_binary(&self, context: Context<'_>) -> Decoded {
        decode::binary(self.style(context.options), context)
    }

    fn not_identified(&self, error: IdentifyError) -> Rejection {
        Rejection::Close(encode::not_identified(error))
    }

    fn rate_limited(&self, retry_after_ms: u64, context: Context<'_>) -> Frame {
        encode::rate_limited(self.style(context.options), retry_after_ms, context)
    }

    fn busy(&self, context: Context<'_>) -> Frame {
        encode::busy(self.style(context.options), context)
    }

    fn failed(&self, context: Context<'_>) -> Frame {
        encode::failed(self.style(context.options), context)
    }

    fn close(&self, reason: CloseReason, _: Options) -> (u16, String) {
        encode::close(reason)
    }

    fn welcome(&self, _: Principal, welcome: Option<&Welcome>, options: Options) -> Vec<Frame> {
        let style = self.style(options);
        welcome.map(|welcome| encode::welcome(style, welcome)).into_iter().collect()
    }

    fn subscribes(&self, topic: Topic, _: Options) -> bool {
        match topic {
            Topic::Invites | Topic::Notes | Topic::Notices => true,
            Topic::Presence | Topic::Typing | Topic::Conversations => false,
        }
    }

    fn delivers(&self, event: &Event, viewer: Viewer, _: Options) -> bool {
        encode::delivers(event, viewer)
    }

    fn event(&self, event: &Event, _: Viewer, options: Options) -> Option<Frame> {
        match event {
            Event::Chat(event) => encode::event(self.style(options), event),
            // Friendships and apps are no business of this dialect.
            Event::Accounts(_) | Event::Apps(_) | Event::Pubsub(_) => None,
        }
    }

    fn chat_refusal(
        &self,
        refusal: ChatRefusal,
        peer: Option<UserId>,
        context: Context<'_>,
    ) -> Option<Frame> {
        // Its commands are refused for nothing else.
        (refusal == ChatRefusal::NoSuchPeer).then(|| {
            let target = peer.map_or(0, UserId::get);
            encode::unreachable(self.style(context.options), target, context)
        })
    }
}
