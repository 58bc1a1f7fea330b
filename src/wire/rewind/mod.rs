//! REWIND: `{"type": …, "payload": …}` frames, ids as decimal strings, Korean time.
//!
//! The contract is in `docs/protocol/rewind.md`. A room's address on this wire is the XOR of the
//! two users' ids; it is resolved here, relative to the one who says it, and goes no further.

pub mod decode;
pub mod encode;
pub mod features;
mod objects;
mod settings;
mod time;

use crate::config::choice;
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Topic, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::domain::principal::{IdentifyError, Principal};
use crate::wire::rewind::features::Features;
use crate::wire::{
    AccountsAnswer, Answer, ChatAnswer, Context, Decoded, Dialect, DialectId, Frame, KeepAlive,
    Options, Rejection, Signs, Variant,
};

pub use settings::Settings;

choice! {
    /// The mode a client wants (`?compat=`, or the server's default).
    Mode {
        /// As the specification says.
        Readme = "readme",
        /// As the shipped client needs it: lists of the auth answer as strings, and no news of what
        /// the user does elsewhere.
        Wind = "wind",
    }
}

/// The options of a session of REWIND.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RewindOptions {
    pub mode: Mode,
    /// The features that the session has asked for at auth.
    pub features: Features,
}

impl RewindOptions {
    /// Set for [`Mode::Wind`]; the features are below it.
    const WIND: u32 = 1 << 8;

    /// The dialect with these options.
    pub const fn variant(self) -> Variant {
        let mode = match self.mode {
            Mode::Readme => 0,
            Mode::Wind => Self::WIND,
        };
        DialectId::REWIND.with(Options::new(mode | self.features.bits()))
    }

    /// The options in their short form.
    pub const fn options(self) -> Options {
        self.variant().options()
    }
}

impl From<Mode> for RewindOptions {
    /// The options that every session begins with.
    fn from(mode: Mode) -> Self {
        Self { mode, features: Features::NONE }
    }
}

impl From<Options> for RewindOptions {
    fn from(options: Options) -> Self {
        let mode = match options.bits() & Self::WIND {
            0 => Mode::Readme,
            _ => Mode::Wind,
        };
        Self { mode, features: Features::from_bits(options.bits()) }
    }
}

/// The dialect.
pub struct Rewind {
    default_mode: Mode,
    plain: KeepAlive,
    with_features: KeepAlive,
}

impl Rewind {
    /// The dialect with its times.
    pub fn new(settings: &Settings) -> Self {
        let plain = KeepAlive {
            signs: Signs::Heartbeats,
            identify_timeout: settings.auth_timeout(),
            silence_max: settings.heartbeat_timeout(),
            ping_interval: None,
            ends_with_token: true,
        };
        let ping_interval = Some(settings.ping_interval());
        let with_features = KeepAlive { signs: Signs::HeartbeatsOrPongs, ping_interval, ..plain };
        Self { default_mode: settings.default_compat, plain, with_features }
    }

    /// The mode of a connection that asks for none.
    pub fn default_mode(&self) -> Mode {
        self.default_mode
    }
}

impl Dialect for Rewind {
    fn keep_alive(&self, options: Options) -> &KeepAlive {
        match RewindOptions::from(options).features.is_any() {
            true => &self.with_features,
            false => &self.plain,
        }
    }

    fn decode(&self, text: &str, context: Context<'_>) -> Decoded {
        decode::text(context.options.into(), text, context.phase)
    }

    fn decode_binary(&self, _: Context<'_>) -> Decoded {
        Decoded::Reply(encode::error(encode::BINARY))
    }

    fn not_identified(&self, error: IdentifyError) -> Rejection {
        Rejection::Reply(encode::not_identified(error))
    }

    fn rate_limited(&self, retry_after_ms: u64, _: Context<'_>) -> Frame {
        encode::rate_limited(retry_after_ms)
    }

    fn busy(&self, _: Context<'_>) -> Frame {
        encode::error(encode::BUSY)
    }

    fn failed(&self, _: Context<'_>) -> Frame {
        encode::error(encode::INTERNAL)
    }

    fn close(&self, reason: CloseReason, options: Options) -> (u16, String) {
        encode::close(options.into(), reason)
    }

    fn welcome(&self, _: Principal, welcome: Option<&Welcome>, options: Options) -> Vec<Frame> {
        let frames = welcome.map(|welcome| encode::welcome(options.into(), welcome));
        frames.unwrap_or_default()
    }

    fn lists_rooms(&self, options: Options) -> bool {
        RewindOptions::from(options).features.has(Features::SYNC)
    }

    fn subscribes(&self, topic: Topic, options: Options) -> bool {
        let features = RewindOptions::from(options).features;
        match topic {
            Topic::Presence => features.has(Features::PRESENCE),
            Topic::Typing => features.has(Features::TYPING),
            Topic::Invites | Topic::Notes | Topic::Notices => false,
        }
    }

    fn delivers(&self, event: &Event, viewer: Viewer, options: Options) -> bool {
        encode::delivers(options.into(), event, viewer)
    }

    fn differs_for_author(&self, event: &Event, options: Options) -> bool {
        encode::differs_for_author(options.into(), event)
    }

    fn event(&self, event: &Event, viewer: Viewer, options: Options) -> Option<Frame> {
        encode::event(options.into(), event, viewer)
    }

    fn answer(&self, answer: Answer<'_>, me: UserId, options: Options) -> Option<Frame> {
        let options = options.into();
        Some(match answer {
            Answer::Accounts(answer) => match answer {
                AccountsAnswer::Friends(friends) => encode::friends(options, me, friends),
                AccountsAnswer::Users(users) => features::encode::users(options, me, users),
                AccountsAnswer::Requests(requests) => features::encode::requests(requests),
            },
            Answer::Chat(answer) => match answer {
                ChatAnswer::Readers(room, marks) => features::encode::readers(room, marks),
                ChatAnswer::Page { room, messages, more } => {
                    features::encode::page(options, (room, me), messages, more)
                }
                ChatAnswer::History(message) => encode::history(options, message, me),
                ChatAnswer::Change(message) => encode::change(options, message, me),
                ChatAnswer::Reset { epoch } => features::encode::reset(epoch),
                ChatAnswer::CaughtUp { reached, complete, epoch } => {
                    features::encode::caught_up(reached, complete, epoch)
                }
                ChatAnswer::Members(group, members) => features::encode::members(group, members),
            },
        })
    }

    fn accounts_refusal(&self, refusal: AccountsRefusal, _: Context<'_>) -> Option<Frame> {
        Some(encode::accounts_refusal(refusal))
    }

    fn chat_refusal(
        &self,
        refusal: ChatRefusal,
        _: Option<UserId>,
        _: Context<'_>,
    ) -> Option<Frame> {
        Some(encode::chat_refusal(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_their_short_form() {
        for mode in [Mode::Readme, Mode::Wind] {
            for features in [Features::NONE, Features::named(["sync", "group"])] {
                let options = RewindOptions { mode, features };
                assert_eq!(RewindOptions::from(options.options()), options);
            }
        }
    }
}
