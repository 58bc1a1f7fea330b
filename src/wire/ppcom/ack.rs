//! Acknowledgements: what came of a frame, as a number and the words for it.

use serde::Serialize;

use crate::domain::apps::customer::SendOutcome;
use crate::domain::error::Refusal;
use crate::domain::principal::IdentifyError;
use crate::wire::Frame;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $code:ident = $number:literal $reason:literal,)+) => {
        /// What came of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AckCode {
            $($(#[doc = $doc])* $code,)+
        }

        impl AckCode {
            /// As the wire says it.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$code => $number,)+
                }
            }

            /// The code of a number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$code),)+
                    _ => None,
                }
            }

            /// The words for it, which are part of the wire.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$code => $reason,)+
                }
            }
        }
    };
}

codes! {
    Done = 0 "success, nothing to say.",
    NoIds = 1 "no app_uuid/user_uuid/device_uuid.",
    NoRole = 2 "no service/portal type.",
    NoVisit = 3 "no extra data for portal user.",
    Parameters = 4 "parameters error.",
    NoType = 5 "no type provided or type is unknown.",
    NotJson = 6 "message data is not JSON.",
    Content = 7 "message content is illegal.",
    NoToken = 8 "no api auth token provided.",
    UnknownToken = 9 "token not in db.",
    Level = 10 "wrong api auth level.",
}

/// What a frame was that is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckOf {
    Auth,
    Send,
    Typing,
    TypingWatch,
    TypingUnwatch,
    /// Nothing that is known.
    Unknown,
}

impl AckOf {
    /// What a frame of a type is, in whatever case.
    pub fn of_type(name: &str) -> Option<Self> {
        let known = [Self::Auth, Self::Send, Self::Typing, Self::TypingWatch, Self::TypingUnwatch];
        known.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::Send => "SEND",
            Self::Typing => "TYPING",
            Self::TypingWatch => "TYPING_WATCH",
            Self::TypingUnwatch => "TYPING_UNWATCH",
            Self::Unknown => "WS",
        }
    }
}

/// Which message an acknowledgement is about, as its sender names it. Clients look at it in each
/// acknowledgement of a message, and so it is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AckedMessage<'a> {
    pub uuid: Option<&'a str>,
    pub conversation_uuid: Option<&'a str>,
}

/// An acknowledgement of anything but a message.
pub fn ack(what: AckOf, code: AckCode) -> Frame {
    write(what, code, None)
}

/// An acknowledgement of a message.
pub fn ack_message(message: AckedMessage<'_>, code: AckCode) -> Frame {
    write(AckOf::Send, code, Some(message))
}

fn write(what: AckOf, code: AckCode, extra: Option<AckedMessage<'_>>) -> Frame {
    #[derive(Serialize)]
    struct AckFrame<'a> {
        r#type: &'static str,
        what: &'static str,
        code: u8,
        reason: &'static str,
        extra: Option<AckedMessage<'a>>,
    }
    let (code, reason) = (code.number(), code.reason());
    Frame::json(&AckFrame { r#type: "ACK", what: what.name(), code, reason, extra })
}

/// The code of what came of a message.
pub fn code_of(outcome: Result<SendOutcome, Refusal>) -> AckCode {
    match outcome {
        Ok(SendOutcome::Sent) => AckCode::Done,
        Ok(SendOutcome::Illegal) => AckCode::Content,
        // There is none for faults of ours, nor for "try again": what failed may be sent again.
        Ok(SendOutcome::NoConversation) | Err(_) => AckCode::Parameters,
    }
}

/// The code for a peer that was not let in; `None` for one that may be next time.
pub fn code_of_refused(error: IdentifyError) -> Option<AckCode> {
    match error {
        IdentifyError::Credential => Some(AckCode::UnknownToken),
        IdentifyError::Principal => Some(AckCode::Level),
        IdentifyError::Form(number) => {
            Some(AckCode::from_number(number).unwrap_or(AckCode::Parameters))
        }
        IdentifyError::Busy | IdentifyError::Internal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_always_has_extra() {
        let text = |frame: Frame| frame.as_text().to_string();
        assert_eq!(
            text(ack(AckOf::Auth, AckCode::Done)),
            r#"{"type":"ACK","what":"AUTH","code":0,"reason":"success, nothing to say.","extra":null}"#
        );
        assert_eq!(
            text(ack_message(AckedMessage::default(), AckCode::Parameters)),
            r#"{"type":"ACK","what":"SEND","code":4,"reason":"parameters error.","extra":{"uuid":null,"conversation_uuid":null}}"#
        );
    }

    #[test]
    fn codes_and_numbers_go_both_ways() {
        for number in 0..=10 {
            assert_eq!(AckCode::from_number(number).map(AckCode::number), Some(number));
        }
        assert_eq!(AckCode::from_number(11), None);
    }

    #[test]
    fn types_are_known_in_any_case() {
        for (name, kind) in [
            ("auth", Some(AckOf::Auth)),
            ("SEND", Some(AckOf::Send)),
            ("Typing_Watch", Some(AckOf::TypingWatch)),
            ("typing_unwatch", Some(AckOf::TypingUnwatch)),
            ("typing", Some(AckOf::Typing)),
            ("ws", None),
            ("", None),
        ] {
            assert_eq!(AckOf::of_type(name), kind, "{name}");
        }
    }
}
