//! REWIND: `{"type": …, "payload": …}` frames, ids as decimal strings, Korean time.
//!
//! The contract is in `docs/protocol/rewind.md`. A room's address on this wire is the XOR of the
//! two users' ids; it is resolved here, relative to the one who says it, and goes no further.

pub mod decode;
pub mod encode;
pub mod features;
mod objects;
mod options;
mod settings;
mod time;

use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Topic, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::domain::principal::{IdentifyError, Principal};
use crate::wire::rewind::features::Features;
use crate::wire::rewind::objects::Chat;
use crate::wire::{
    AccountsAnswer, Answer, ChatAnswer, Context, Decoded, Dialect, Frame, KeepAlive, Options,
    Rejection, Signs,
};

pub use options::{Mode, RewindOptions};
pub use settings::Settings;

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
            Topic::Invites | Topic::Notes | Topic::Notices | Topic::Conversations => false,
        }
    }

    /// The shipped client would show news of its own user's other sessions, and every edit, as one
    /// more bubble; in wind mode it is spared both.
    fn delivers(&self, event: &Event, viewer: Viewer, options: Options) -> bool {
        let RewindOptions { mode, features } = options.into();
        let wanted = match event {
            // Who has done it is answered.
            Event::Accounts(_) if viewer == Viewer::Author => true,
            Event::Accounts(event) => wants_of_accounts(features, event),
            Event::Chat(event) => wants_of_chat(features, event),
            Event::Apps(_) | Event::Pubsub(_) => false,
        };
        let spared = match (mode, viewer) {
            (Mode::Readme, _) | (Mode::Wind, Viewer::Author) => false,
            (Mode::Wind, Viewer::OwnOther) => true,
            (Mode::Wind, Viewer::Peer) => matches!(event, Event::Chat(ChatEvent::MessageEdited(_))),
        };
        wanted && !spared
    }

    fn differs_for_author(&self, event: &Event, options: Options) -> bool {
        match event {
            Event::Accounts(AccountsEvent::Befriended { .. }) => true,
            Event::Accounts(AccountsEvent::LoginsEnded(_)) => false,
            Event::Chat(ChatEvent::MessagePosted(_) | ChatEvent::MessageEdited(_)) => {
                RewindOptions::from(options).features.has(Features::SYNC)
            }
            Event::Chat(_) | Event::Apps(_) | Event::Pubsub(_) => false,
        }
    }

    fn event(&self, event: &Event, viewer: Viewer, options: Options) -> Option<Frame> {
        let is_author = viewer == Viewer::Author;
        match event {
            Event::Accounts(AccountsEvent::Befriended { .. }) if is_author => Some(encode::ok()),
            Event::Accounts(AccountsEvent::Befriended { verb, by, to }) => {
                Some(encode::befriended(options.into(), *verb, (by, *to)))
            }
            Event::Accounts(AccountsEvent::LoginsEnded(_)) => None,
            Event::Chat(event) => chat_event(options.into(), event, viewer != Viewer::Peer),
            Event::Apps(_) | Event::Pubsub(_) => None,
        }
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

fn wants_of_accounts(features: Features, event: &AccountsEvent) -> bool {
    match event {
        // Who asks for no features knows of no such end of a request: it is missing in the next list.
        AccountsEvent::Befriended { verb: FriendVerb::Withdraw, .. } => {
            features.has(Features::ASKED)
        }
        AccountsEvent::Befriended { .. } => true,
        AccountsEvent::LoginsEnded(_) => false,
    }
}

fn wants_of_chat(features: Features, event: &ChatEvent) -> bool {
    let has = |feature| features.has(feature);
    let knows = |room: RoomKey| has(Features::GROUP) || room.pair().is_some();
    match event {
        ChatEvent::MessagePosted(message) | ChatEvent::MessageEdited(message) => {
            knows(message.room)
        }
        // The answer to who has sent it, though he may have done so in a group, as another session.
        ChatEvent::MessageRepeated(_) => true,
        ChatEvent::MessageWithdrawn(message) => has(Features::SYNC) && knows(message.room),
        ChatEvent::Typing { room, .. } => has(Features::TYPING) && knows(*room),
        ChatEvent::Read { room, .. } => has(Features::READ) && knows(*room),
        ChatEvent::GroupChanged(_) => has(Features::GROUP),
        ChatEvent::StatusSet(_) | ChatEvent::PresenceChanged(_) => has(Features::PRESENCE),
        ChatEvent::StatusChanged { .. }
        | ChatEvent::Invited { .. }
        | ChatEvent::Noted { .. }
        | ChatEvent::Noticed { .. } => false,
    }
}

fn chat_event(options: RewindOptions, event: &ChatEvent, own: bool) -> Option<Frame> {
    let chat = |r#type, message| Chat { options, r#type, message, own, duplicate: false };
    match event {
        ChatEvent::MessagePosted(message) => Some(chat("send", message).frame()),
        ChatEvent::MessageRepeated(message) => {
            Some(Chat { duplicate: true, ..chat("send", message) }.frame())
        }
        ChatEvent::MessageEdited(message) | ChatEvent::MessageWithdrawn(message) => {
            Some(chat("edit", message).frame())
        }
        ChatEvent::Typing { user, room, typing } => {
            Some(features::encode::typing(*user, *room, *typing))
        }
        ChatEvent::Read { user, room, seq } => Some(features::encode::read(*user, *room, *seq)),
        ChatEvent::GroupChanged(change) => Some(features::encode::group_changed(change)),
        ChatEvent::StatusSet(status) => Some(features::encode::status_set(*status)),
        ChatEvent::PresenceChanged(friend) => Some(features::encode::presence_changed(friend)),
        ChatEvent::StatusChanged { .. }
        | ChatEvent::Invited { .. }
        | ChatEvent::Noted { .. }
        | ChatEvent::Noticed { .. } => None,
    }
}
