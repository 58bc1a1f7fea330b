//! A dialect that no file of `src` knows: JSON objects with one key each.
//!
//! A user shows a token in a frame, a device its name and secret, a console its key in the request
//! for the socket. Of two sessions of a device, or of a user's class, the older one goes.

use std::time::Duration;

use serde_json::{Value, json};
use tradewind::domain::chat::command::{Absent, ChatWrite};
use tradewind::domain::chat::event::ChatEvent;
use tradewind::domain::chat::message::Content;
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::close::CloseReason;
use tradewind::domain::event::{Event, Topic, Viewer, Welcome};
use tradewind::domain::id::UserId;
use tradewind::domain::principal::{Credential, IdentifyError, Principal, ReplaceKey};
use tradewind::wire::{Context, Decoded, Dialect, Frame, KeepAlive, Options, Rejection, Signs};

/// Who judges devices.
pub const DEVICE: &str = "toy-device";
/// Who judges keys of consoles.
pub const KEY: &str = "toy-key";

pub struct Toy {
    keep_alive: KeepAlive,
}

impl Toy {
    /// A dialect that pings so often, of peers that may be silent for so long.
    pub fn new(ping_interval: Duration, silence_max: Duration) -> Self {
        let keep_alive = KeepAlive {
            signs: Signs::Anything,
            identify_timeout: Duration::from_secs(20),
            silence_max,
            ping_interval: Some(ping_interval),
            ends_with_token: false,
        };
        Self { keep_alive }
    }
}

fn frame(value: Value) -> Frame {
    Frame::json(&value)
}

fn post(post: &Value, me: Option<UserId>) -> Decoded {
    let peer = post["to"].as_i64().and_then(UserId::new);
    let room = me.zip(peer).and_then(|(me, peer)| RoomKey::direct(me, peer));
    let content = Content::new(post["text"].as_str().unwrap_or_default().to_owned());
    let Ok(content) = content else { return Decoded::Reply(frame(json!({"what": "text"}))) };
    let write = ChatWrite::Post { room, content, nonce: None, absent: Absent::Kept };
    Decoded::Write(write.into())
}

/// The class of a user's client is all that there is to choose; 0 is none.
fn class(options: Options) -> Option<u8> {
    u8::try_from(options.bits()).ok().filter(|class| *class > 0)
}

impl Dialect for Toy {
    fn keep_alive(&self, _: Options) -> &KeepAlive {
        &self.keep_alive
    }

    fn decode(&self, text: &str, context: Context<'_>) -> Decoded {
        let said: Value = serde_json::from_str(text).unwrap_or_default();
        let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(user) = said.get("user") {
            let class = said["class"].as_u64().and_then(|class| u32::try_from(class).ok());
            let credential = Credential::Token(words(user));
            Decoded::Identify { credential, options: Options::new(class.unwrap_or(0)) }
        } else if let Some(device) = said.get("device") {
            let parts = vec![words(device), words(&said["secret"])];
            let credential = Credential::Scheme { name: DEVICE, parts };
            Decoded::Identify { credential, options: Options::default() }
        } else if let Some(said) = said.get("post") {
            post(said, context.user())
        } else {
            Decoded::Reply(frame(json!({"what": said})))
        }
    }

    fn decode_binary(&self, _: Context<'_>) -> Decoded {
        Decoded::Ignore
    }

    fn not_identified(&self, error: IdentifyError) -> Rejection {
        match error {
            IdentifyError::Credential => Rejection::Reply(frame(json!({"no": "credential"}))),
            IdentifyError::Principal
            | IdentifyError::Form(_)
            | IdentifyError::Busy
            | IdentifyError::Internal => Rejection::Close(CloseReason::NotIdentified),
        }
    }

    fn rate_limited(&self, retry_after_ms: u64, _: Context<'_>) -> Frame {
        frame(json!({"wait": retry_after_ms}))
    }

    fn busy(&self, _: Context<'_>) -> Frame {
        frame(json!({"busy": true}))
    }

    fn failed(&self, _: Context<'_>) -> Frame {
        frame(json!({"failed": true}))
    }

    fn close(&self, reason: CloseReason, _: Options) -> (u16, String) {
        let code = match reason {
            CloseReason::Replaced => 4901,
            CloseReason::HeartbeatMissing => 4902,
            _ => 4900,
        };
        (code, reason.name().to_owned())
    }

    fn welcome(&self, principal: Principal, welcome: Option<&Welcome>, _: Options) -> Vec<Frame> {
        let hello = match principal {
            Principal::User(user) => json!({"user": user.get()}),
            Principal::Device { device, .. } => json!({"device": device.get()}),
            Principal::Console(app) => json!({"console": app.get()}),
        };
        let friends = welcome.map(|welcome| welcome.friends.len());
        vec![frame(json!({"hello": hello, "friends": friends}))]
    }

    fn replace_key(&self, principal: Principal, options: Options) -> Option<ReplaceKey> {
        match principal {
            Principal::User(user) => class(options).map(|class| ReplaceKey::Class(user, class)),
            Principal::Device { device, .. } => Some(ReplaceKey::Device(device)),
            Principal::Console(_) => None,
        }
    }

    fn farewell(&self, reason: CloseReason, _: Context<'_>) -> Option<Frame> {
        (reason == CloseReason::Replaced).then(|| frame(json!({"bye": reason.name()})))
    }

    fn subscribes(&self, topic: Topic, _: Options) -> bool {
        topic == Topic::Notices
    }

    fn event(&self, event: &Event, viewer: Viewer, _: Options) -> Option<Frame> {
        let frame = match event {
            Event::Chat(ChatEvent::MessagePosted(message)) if viewer != Viewer::Peer => {
                frame(json!({"posted": message.content}))
            }
            Event::Chat(ChatEvent::MessagePosted(message)) => {
                frame(json!({"from": message.author.get(), "text": message.content}))
            }
            Event::Chat(ChatEvent::Noticed { notice, .. }) => frame(json!({"notice": notice.text})),
            _ => return None,
        };
        Some(frame)
    }

    fn differs_for_author(&self, _: &Event, _: Options) -> bool {
        true
    }

    fn chat_refusal(
        &self,
        refusal: ChatRefusal,
        peer: Option<UserId>,
        _: Context<'_>,
    ) -> Option<Frame> {
        match refusal {
            ChatRefusal::NoSuchPeer => Some(json!({"nobody": peer.map(UserId::get)})),
            ChatRefusal::NotAllowed => Some(json!({"not": "allowed"})),
            _ => None,
        }
        .map(frame)
    }
}
