//! What came of a call, as a number and words for it.

use crate::service::ServiceFault;
use crate::service::apps::CustomerRefusal;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $code:ident = $number:literal $text:literal,)+) => {
        /// What came of a call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ApiCode {
            $($(#[doc = $doc])* $code,)+
        }

        impl ApiCode {
            /// As the wire says it.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$code => $number,)+
                }
            }

            /// The words for it.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                }
            }
        }
    };
}

codes! {
    Done = 0 "success",
    /// Not a `POST` of a JSON object.
    NotJson = 1 "no JSON object was posted",
    NoToken = 3 "no token",
    /// Unknown, not for this call, or not for what it names.
    WrongToken = 4 "wrong token",
    Missing = 6 "a parameter is missing",
    NoUser = 7 "no such user",
    NoDevice = 8 "no such device",
    Illegal = 16 "illegal message",
    /// A fault of ours, or too much is asked for.
    System = 17 "the server cannot do this now",
    NoObject = 18 "no such object",
    NotAllowed = 20 "no permission",
    NoAction = 21 "no such call",
    UserExists = 22 "the user exists already",
    DeviceExists = 25 "the device exists already",
    NoConversation = 26 "no such conversation",
    WrongType = 28 "wrong type",
    NotVisitor = 29 "the user is no portal user",
    NoList = 31 "not a list",
    NoAgent = 34 "no such service user",
    WrongKind = 36 "wrong conversation type",
    PageTooLarge = 41 "the page is too large",
    BothEnds = 42 "max_uuid and min_uuid exclude each other",
    Invalid = 44 "a value is invalid",
}

impl From<CustomerRefusal> for ApiCode {
    fn from(refusal: CustomerRefusal) -> Self {
        match refusal {
            CustomerRefusal::NotYours => Self::WrongToken,
            CustomerRefusal::NoUser => Self::NoUser,
            CustomerRefusal::NoDevice => Self::NoDevice,
            CustomerRefusal::NoObject => Self::NoObject,
            CustomerRefusal::NotAllowed => Self::NotAllowed,
            CustomerRefusal::UserExists => Self::UserExists,
            CustomerRefusal::NoConversation => Self::NoConversation,
            CustomerRefusal::NotVisitor => Self::NotVisitor,
            CustomerRefusal::NoAgent => Self::NoAgent,
            CustomerRefusal::Value => Self::Invalid,
            CustomerRefusal::Full | CustomerRefusal::Fault(_) => Self::System,
        }
    }
}

impl From<ServiceFault> for ApiCode {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(_) | ServiceFault::Busy | ServiceFault::Internal => Self::System,
        }
    }
}
