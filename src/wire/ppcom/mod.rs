//! The dialect of customer chat: widgets in pages of shops, and their agents.
//!
//! JSON frames with a `type`; what the peer sends is acknowledged with a code. The contract is in
//! `docs/protocol/ppcom.md`. What a socket is comes with each question: the user and the device with its
//! principal, and whether it is an agent's with the options.

mod ack;
mod auth;
pub mod body;
mod decode;
mod encode;
pub mod msg;
mod settings;
pub mod time;

use std::num::NonZeroU32;

use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::apps::customer::REQUEST_BYTES_MAX;
use crate::domain::apps::customer_request::{CustomerAnswer, CustomerRequest, CustomerSend};
use crate::domain::apps::device::DeviceClass;
use crate::domain::apps::event::AppsEvent;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Topic, Viewer, Welcome};
use crate::domain::principal::{IdentifyError, Principal, ReplaceKey};
use crate::wire::{
    Context, Decoded, Dialect, DialectId, Frame, FrameBytes, KeepAlive, Options, Pace, Rejection,
    Signs, Variant,
};

use self::ack::{AckCode, AckOf, AckedMessage, ack, ack_message, code_of, code_of_refused};
pub use self::settings::Settings;

/// Who judges what a socket shows.
pub const SCHEME: &str = "app-user";
/// How a socket begins.
pub const VARIANT: Variant = DialectId::PPCOM.with(Options::new(0));
/// Frames of one socket a second, in the long run, and at once.
const PACE: Pace = match (NonZeroU32::new(20), NonZeroU32::new(100)) {
    (Some(per_second), Some(burst)) => Pace { per_second, burst },
    (None, _) | (_, None) => Pace { per_second: NonZeroU32::MIN, burst: NonZeroU32::MIN },
};
/// The options of an agent's socket; a visitor's has none.
const AGENT: Options = Options::new(1);

/// The dialect.
pub struct Ppcom {
    keep_alive: KeepAlive,
}

impl Ppcom {
    /// The dialect with its times.
    pub fn new(settings: &Settings) -> Self {
        let keep_alive = KeepAlive {
            signs: Signs::Anything,
            identify_timeout: settings.auth_timeout(),
            silence_max: settings.ping_timeout(),
            ping_interval: Some(settings.ping_interval()),
            ends_with_token: false,
        };
        Self { keep_alive }
    }
}

impl Dialect for Ppcom {
    fn keep_alive(&self, _: Options) -> &KeepAlive {
        &self.keep_alive
    }

    fn decode(&self, text: &str, context: Context<'_>) -> Decoded {
        decode::text(text, context)
    }

    fn decode_binary(&self, _: Context<'_>) -> Decoded {
        Decoded::Close(CloseReason::Binary)
    }

    fn not_identified(&self, error: IdentifyError) -> Rejection {
        match code_of_refused(error) {
            Some(code) => {
                Rejection::ReplyAndClose(ack(AckOf::Auth, code), CloseReason::Unauthorized)
            }
            None => Rejection::Close(CloseReason::Overload),
        }
    }

    fn rate_limited(&self, _: u64, _: Context<'_>) -> Frame {
        ack(AckOf::Unknown, AckCode::Parameters)
    }

    fn busy(&self, _: Context<'_>) -> Frame {
        ack(AckOf::Unknown, AckCode::Parameters)
    }

    fn failed(&self, _: Context<'_>) -> Frame {
        ack(AckOf::Unknown, AckCode::Parameters)
    }

    fn close(&self, reason: CloseReason, _: Options) -> (u16, String) {
        encode::close(reason)
    }

    fn welcome(&self, _: Principal, _: Option<&Welcome>, _: Options) -> Vec<Frame> {
        vec![ack(AckOf::Auth, AckCode::Done)]
    }

    fn pace(&self) -> Option<Pace> {
        Some(PACE)
    }

    fn over_rate(&self, asked: AppsRequest) -> Option<AppsRequest> {
        match asked {
            AppsRequest::Customer(CustomerRequest::Send(send)) => {
                let CustomerSend { conversation_text, message, .. } = *send;
                let unsent = CustomerRequest::Unsent { uuid: message.uuid, conversation_text };
                Some(AppsRequest::Customer(unsent))
            }
            AppsRequest::Customer(_) | AppsRequest::Console(_) | AppsRequest::Device(_) => None,
        }
    }

    fn frame_bytes(&self) -> Option<FrameBytes> {
        let all = REQUEST_BYTES_MAX;
        Some(FrameBytes { first: all, later: all })
    }

    fn replace_key(&self, principal: Principal, _: Options) -> Option<ReplaceKey> {
        match principal {
            Principal::Device { device, .. } => Some(ReplaceKey::Device(device)),
            Principal::User(_) | Principal::Console(_) => None,
        }
    }

    fn replace_class(&self, principal: Principal, options: Options) -> Option<ReplaceKey> {
        match principal {
            Principal::Device { owner, class, .. } if options == AGENT => {
                let number = match class {
                    DeviceClass::Mobile => 1,
                    DeviceClass::Browser => 2,
                };
                Some(ReplaceKey::Class(owner, number))
            }
            Principal::Device { .. } | Principal::User(_) | Principal::Console(_) => None,
        }
    }

    fn farewell(&self, reason: CloseReason, context: Context<'_>) -> Option<Frame> {
        match (reason, context.phase.principal()) {
            (CloseReason::Replaced, Some(Principal::Device { device, .. })) => {
                Some(encode::logout(device))
            }
            _ => None,
        }
    }

    fn subscribes(&self, topic: Topic, _: Options) -> bool {
        topic == Topic::Conversations
    }

    fn event(&self, event: &Event, _: Viewer, _: Options) -> Option<Frame> {
        match event {
            Event::Apps(AppsEvent::Message { message, to }) => Some(msg::message(message, *to)),
            Event::Apps(AppsEvent::InConversation { downstream, app, conversation, owner }) => {
                Some(msg::downstream(downstream, (*app, *conversation, *owner)))
            }
            Event::Apps(AppsEvent::Typing { user, conversation }) => {
                Some(encode::typing(*user, *conversation))
            }
            Event::Apps(AppsEvent::ClassChanged(change)) => Some(encode::presence(change)),
            Event::Apps(
                AppsEvent::Line(_) | AppsEvent::Downstream(_) | AppsEvent::TokensEnded(_),
            ) => None,
            // A message of a conversation comes once more, as one of the app's.
            Event::Accounts(_) | Event::Chat(_) | Event::Pubsub(_) => None,
        }
    }

    fn apps_answer(&self, answer: &AppsAnswer, _: Context<'_>) -> Option<Frame> {
        match answer {
            AppsAnswer::Customer(CustomerAnswer::Sent { uuid, conversation_text, outcome }) => {
                let message =
                    AckedMessage { uuid: Some(uuid), conversation_uuid: Some(conversation_text) };
                Some(ack_message(message, code_of(*outcome)))
            }
            AppsAnswer::Customer(CustomerAnswer::Watching(false)) => {
                Some(ack(AckOf::TypingWatch, AckCode::Parameters))
            }
            AppsAnswer::Customer(CustomerAnswer::Watching(true))
            | AppsAnswer::Done
            | AppsAnswer::Told
            | AppsAnswer::Line(_)
            | AppsAnswer::UpstreamSent { .. } => None,
        }
    }
}
