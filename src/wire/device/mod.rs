//! The dialect of devices: JSON objects with an action and a body, both ways.
//!
//! The contract is in `docs/protocol/device.md`. A device shows a token and its own id, sends to the app's servers, and
//! gets messages of the app, which wait until it says that it has them.

mod decode;
mod encode;
mod settings;

use crate::domain::apps::command::AppsAnswer;
use crate::domain::apps::console::ResultCode;
use crate::domain::apps::downstream::Downstream;
use crate::domain::apps::event::AppsEvent;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Viewer, Welcome};
use crate::domain::principal::{IdentifyError, Principal, ReplaceKey};
use crate::wire::{
    Context, Decoded, Dialect, DialectId, Frame, FrameBytes, KeepAlive, Options, Rejection, Signs,
    Variant,
};

pub use settings::Settings;

/// Who judges what a device shows.
pub const SCHEME: &str = "app-device";

/// The dialect.
pub struct DeviceDialect {
    settings: Settings,
    keep_alive: KeepAlive,
}

impl DeviceDialect {
    /// All that a session may choose: nothing.
    pub const VARIANT: Variant = DialectId::DEVICE.with(Options::new(0));

    /// The dialect with its times and bounds.
    pub fn new(settings: &Settings) -> Self {
        let keep_alive = KeepAlive {
            signs: Signs::Anything,
            identify_timeout: settings.auth_timeout(),
            silence_max: settings.ping_timeout(),
            ping_interval: Some(settings.ping_interval()),
            ends_with_token: true,
        };
        Self { settings: settings.clone(), keep_alive }
    }
}

impl Dialect for DeviceDialect {
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
        let (code, reason) = match error {
            IdentifyError::Credential | IdentifyError::Principal | IdentifyError::Form(_) => {
                (ResultCode::Argument, CloseReason::Unauthorized)
            }
            // The device may come back with what it has shown.
            IdentifyError::Busy | IdentifyError::Internal => {
                (ResultCode::Unknown, CloseReason::Overload)
            }
        };
        Rejection::ReplyAndClose(encode::not_authenticated(code), reason)
    }

    fn rate_limited(&self, _: u64, _: Context<'_>) -> Frame {
        encode::error(ResultCode::Unknown)
    }

    fn busy(&self, _: Context<'_>) -> Frame {
        encode::error(ResultCode::Unknown)
    }

    fn failed(&self, _: Context<'_>) -> Frame {
        encode::error(ResultCode::Unknown)
    }

    fn close(&self, reason: CloseReason, _: Options) -> (u16, String) {
        encode::close(reason)
    }

    fn welcome(&self, principal: Principal, _: Option<&Welcome>, _: Options) -> Vec<Frame> {
        let Principal::Device { device, .. } = principal else { return Vec::new() };
        vec![encode::authenticated(device, self.settings.ping_interval())]
    }

    fn replace_key(&self, principal: Principal, _: Options) -> Option<ReplaceKey> {
        match principal {
            Principal::Device { device, .. } => Some(ReplaceKey::Device(device)),
            Principal::User(_) | Principal::Console(_) => None,
        }
    }

    fn farewell(&self, reason: CloseReason, _: Context<'_>) -> Option<Frame> {
        (reason == CloseReason::Replaced).then(encode::logout)
    }

    fn frame_bytes(&self) -> Option<FrameBytes> {
        let Settings { frame_before_auth_bytes_max, frame_bytes_max, .. } = self.settings;
        Some(FrameBytes { first: frame_before_auth_bytes_max, later: frame_bytes_max })
    }

    fn is_brought_what_waits(&self, _: Options) -> bool {
        true
    }

    fn event(&self, event: &Event, _: Viewer, _: Options) -> Option<Frame> {
        match event {
            Event::Apps(AppsEvent::Downstream(message)) => {
                Some(encode::messages(std::slice::from_ref(&**message)))
            }
            // Consoles and people are no business of this dialect.
            Event::Apps(_) | Event::Accounts(_) | Event::Chat(_) | Event::Pubsub(_) => None,
        }
    }

    fn waiting(&self, messages: &[Downstream], _: Options) -> Option<Frame> {
        Some(encode::messages(messages))
    }

    fn apps_answer(&self, answer: &AppsAnswer, _: Context<'_>) -> Option<Frame> {
        match answer {
            AppsAnswer::UpstreamSent { code, request, echo } => {
                Some(encode::upstream_sent(*code, *request, echo.as_deref()))
            }
            // What is acknowledged has no answer.
            AppsAnswer::Done | AppsAnswer::Told | AppsAnswer::Line(_) | AppsAnswer::Customer(_) => {
                None
            }
        }
    }
}
