//! The dialect of app-server consoles: requests as JSON, results as lines of text for people.
//!
//! The contract is in `docs/protocol/console.md`. A request has no number, and its result goes to all consoles of the
//! app: it is an event, and only what concerns the asker alone is an answer.

mod decode;
mod device_list;
mod encode;
mod result;
mod settings;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::apps::console::{ConsoleFault, ResultCode};
use crate::domain::apps::event::AppsEvent;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Viewer};
use crate::domain::principal::IdentifyError;
use crate::wire::{
    Context, Decoded, Dialect, DialectId, Frame, FrameBytes, KeepAlive, Options, Pace, Rejection,
    Signs, Variant,
};

pub use decode::{NoList, devices_of, is_message, is_short};
pub use device_list::is_id_text;
pub use result::{code_number, code_text};
pub use settings::Settings;

/// How long it may take to find out whether a token is good. It came with the request for the socket.
const IDENTIFY_TIMEOUT: Duration = Duration::from_secs(10);

/// The dialect.
pub struct Console {
    pub settings: Settings,
    keep_alive: KeepAlive,
}

impl Console {
    /// All that a session may choose: nothing.
    pub const VARIANT: Variant = DialectId::CONSOLE.with(Options::new(0));

    /// The dialect with its times and limits.
    pub fn new(settings: &Settings) -> Self {
        let keep_alive = KeepAlive {
            signs: Signs::Anything,
            identify_timeout: IDENTIFY_TIMEOUT,
            silence_max: settings.ping_timeout(),
            ping_interval: Some(settings.ping_interval()),
            ends_with_token: true,
        };
        Self { settings: settings.clone(), keep_alive }
    }
}

impl Dialect for Console {
    fn keep_alive(&self, _: Options) -> &KeepAlive {
        &self.keep_alive
    }

    fn decode(&self, text: &str, _: Context<'_>) -> Decoded {
        decode::text(text)
    }

    fn decode_binary(&self, _: Context<'_>) -> Decoded {
        Decoded::Close(CloseReason::Binary)
    }

    fn not_identified(&self, error: IdentifyError) -> Rejection {
        Rejection::Close(encode::not_identified(error))
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

    fn pace(&self) -> Option<Pace> {
        let per_second = NonZeroU32::new(self.settings.frames_per_second)?;
        // One more, for the token that came with the request for the socket.
        Some(Pace { per_second, burst: per_second.saturating_add(1) })
    }

    /// The same at all times: whoever opens the socket has shown already who it is.
    fn frame_bytes(&self) -> Option<FrameBytes> {
        let bytes = self.settings.frame_bytes_max;
        Some(FrameBytes { first: bytes, later: bytes })
    }

    fn over_rate(&self, request: AppsRequest) -> Option<AppsRequest> {
        match request {
            AppsRequest::Console(mut request) => {
                request.fault = Some(ConsoleFault::Rate);
                Some(AppsRequest::Console(request))
            }
            AppsRequest::Device(_) | AppsRequest::Customer(_) => None,
        }
    }

    fn event(&self, event: &Event, _: Viewer, _: Options) -> Option<Frame> {
        match event {
            Event::Apps(AppsEvent::Line(line)) => Some(encode::line(line)),
            // Devices and people are no business of this dialect.
            Event::Apps(
                AppsEvent::Downstream(_)
                | AppsEvent::Message { .. }
                | AppsEvent::InConversation { .. }
                | AppsEvent::Typing { .. }
                | AppsEvent::ClassChanged(_)
                | AppsEvent::TokensEnded(_),
            )
            | Event::Accounts(_)
            | Event::Chat(_)
            | Event::Pubsub(_) => None,
        }
    }

    fn apps_answer(&self, answer: &AppsAnswer, _: Context<'_>) -> Option<Frame> {
        match answer {
            AppsAnswer::Line(line) => Some(encode::line(line)),
            // The line that all get says it, also to who has asked.
            AppsAnswer::Done
            | AppsAnswer::Told
            | AppsAnswer::UpstreamSent { .. }
            | AppsAnswer::Customer(_) => None,
        }
    }
}
