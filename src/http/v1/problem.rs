//! What is told under `/api/v1` when something is wrong: `application/problem+json` (RFC 9457), with
//! a `code` that stays the same.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::limits::TooMany;
use crate::domain::accounts::block::BlockRefusal;
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::error::Refusal;
use crate::http::body::BodyFault;
use crate::http::text::FormFault;

/// The content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";
/// How long one is to stay away when there is too much to do, in seconds.
const BUSY_SECONDS: u64 = 1;

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:ident, $title:literal; )+) => {
        /// What is wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum Code {
            $( $(#[doc = $doc])+ #[serde(rename = $text)] $name, )+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$name ),+];

            /// The code itself.
            pub const fn text(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }

            /// What is wrong, and what may help.
            pub const fn about(self) -> &'static str {
                match self { $( Self::$name => concat!($($doc),+), )+ }
            }

            /// The status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $( Self::$name => StatusCode::$status, )+ }
            }

            /// What it means, for people.
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )+ }
            }
        }
    };
}

codes! {
    /// The body cannot be read as what it should be.
    BodyInvalid = "body_invalid", BAD_REQUEST, "The body is not valid";
    /// A parameter of the query or path cannot be read as what it should be.
    ParameterInvalid = "parameter_invalid", BAD_REQUEST, "A parameter is not valid";
    /// A name breaks the rules for names.
    NameInvalid = "name_invalid", BAD_REQUEST, "The name is not valid";
    /// A profile is too long, has controls, or looks blank without being empty.
    ProfileInvalid = "profile_invalid", BAD_REQUEST, "The profile is not valid";
    /// What should be an address is none.
    EmailInvalid = "email_invalid", BAD_REQUEST, "The address is not valid";
    /// A password is too short or too long.
    PasswordInvalid = "password_invalid", BAD_REQUEST, "The password is not valid";
    /// A text is empty, above 64 KiB, or has U+0000.
    ContentInvalid = "content_invalid", BAD_REQUEST, "The text is not valid";
    /// A nonce is empty, longer than 64 characters, or has control characters.
    NonceInvalid = "nonce_invalid", BAD_REQUEST, "The nonce is not valid";
    /// A title breaks the rules for titles.
    TitleInvalid = "title_invalid", BAD_REQUEST, "The title is not valid";
    /// What one does to others one cannot do to oneself.
    Oneself = "oneself", BAD_REQUEST, "That is you";
    /// No token, or one that is malformed, expired, revoked or of nobody.
    TokenInvalid = "token_invalid", UNAUTHORIZED, "A valid token is needed";
    /// The password that proves who one is is another.
    PasswordWrong = "password_wrong", FORBIDDEN, "The password is wrong";
    /// Nobody has that id or name.
    NoSuchUser = "no_such_user", NOT_FOUND, "There is no such user";
    /// No friendship to end.
    NotFriend = "not_friend", NOT_FOUND, "That user is no friend";
    /// No request of that user.
    NotRequested = "not_requested", NOT_FOUND, "That user has not asked";
    /// No block of that user.
    NotBlocked = "not_blocked", NOT_FOUND, "That user is not blocked";
    /// No log-in of one's own has that id.
    NoSuchSession = "no_such_session", NOT_FOUND, "There is no such session";
    /// The key of the mail is unknown, used or expired.
    NoSuchKey = "no_such_key", NOT_FOUND, "The link does not work any more";
    /// No room can be read or written at that address.
    NoSuchRoom = "no_such_room", NOT_FOUND, "There is no such room";
    /// The user is no member of the group.
    NoSuchMember = "no_such_member", NOT_FOUND, "That user is not a member";
    /// Not a member of the group; or there is none.
    NotMember = "not_member", FORBIDDEN, "You are not a member";
    /// One's role in the group does not allow it.
    NotAllowed = "not_allowed", FORBIDDEN, "Your role does not allow that";
    /// The user lets nobody put him into groups.
    NotAddable = "not_addable", FORBIDDEN, "That user is not added by others";
    /// That group was not offered, or not within the last 7 days.
    NotOffered = "not_offered", NOT_FOUND, "The group was not offered";
    /// No such message, or not one's own, or not in that room.
    NoSuchMessage = "no_such_message", NOT_FOUND, "There is no such message";
    /// That method is not served at this path; the header `Allow` says which are.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed";
    /// Somebody else has that name.
    NameTaken = "name_taken", CONFLICT, "The name is taken";
    /// The other user has asked already: answer that request.
    AlreadyRequested = "already_requested", CONFLICT, "That user has asked already";
    /// Friends already.
    AlreadyFriend = "already_friend", CONFLICT, "You are friends already";
    /// The user cannot be added to the group until the ban is lifted.
    Banned = "banned", CONFLICT, "That user is banned";
    /// The group has as many members as it may have.
    GroupFull = "group_full", CONFLICT, "The group is full";
    /// One is, or who is added is, in as many groups as one may be.
    TooManyGroups = "too_many_groups", CONFLICT, "There are too many groups";
    /// An owner can leave only as the last member.
    OwnerStays = "owner_stays", CONFLICT, "The owner cannot leave";
    /// The token is signed with our secret, but not by us: it belongs to no log-in that could be ended.
    NoLogin = "no_login", CONFLICT, "The token belongs to no log-in";
    /// The body has not come within `http.body_timeout_ms`.
    BodyLate = "body_late", REQUEST_TIMEOUT, "The body came too slowly";
    /// The body is above the limit.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is not `application/json`.
    NotJson = "not_json", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    /// The body is compressed, or otherwise encoded: it must come as it is.
    EncodingUnknown = "encoding_unknown", UNSUPPORTED_MEDIA_TYPE, "The encoding is not known";
    /// Above a rate limit; the header `Retry-After` says when to come back.
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    /// A fault of ours; nothing was done.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server failed";
    /// There is too much to do, nothing was done; the header `Retry-After` says when to come back.
    Busy = "busy", SERVICE_UNAVAILABLE, "The server is busy";
}

// By hand: the macro does not see what `codes!` renames its variants to.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|code| code.text());
        let about = "What is wrong, for programs; it stays the same.";
        let text = ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        text.enum_values(Some(codes)).into()
    }
}

impl ToSchema for Code {}

/// Why a request failed.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Option<Cow<'static, str>>,
    allow: Option<String>,
    retry_after: Option<Duration>,
}

/// A problem as it is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemJson<'a> {
    /// Where the code is explained.
    #[schema(format = "uri-reference", example = "/docs#token_invalid")]
    r#type: String,
    /// What the code means.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What is wrong, for programs; it stays the same.
    code: Code,
}

impl Problem {
    /// A problem of which the code says all.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, allow: None, retry_after: None }
    }

    /// What is wrong, for programs.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The same, and what is wrong with this request.
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// What it means, for people.
    pub const fn title(&self) -> &'static str {
        self.code.title()
    }

    /// A method that is not served; these are.
    pub fn method(allow: String) -> Self {
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed) }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.text())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        let busy = (self.code == Code::Busy).then_some(BUSY_SECONDS);
        let wait = self.retry_after.map(|wait| wait.as_secs().saturating_add(1)).or(busy);
        if let Some(seconds) = wait {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.code == Code::TokenInvalid {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        let told = ProblemJson {
            r#type: format!("/docs#{}", self.code.text()),
            title: self.code.title(),
            status: self.status_code().as_u16(),
            detail: self.detail.as_deref(),
            code: self.code,
        };
        response.content_type(CONTENT_TYPE).body(serde_json::json!(told).to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Accounts(refusal) => refusal.into(),
            Refusal::Chat(refusal) => refusal.into(),
            Refusal::Busy => Self::new(Code::Busy),
            Refusal::Internal => Self::new(Code::Internal),
        }
    }
}

impl From<AccountsRefusal> for Problem {
    fn from(refusal: AccountsRefusal) -> Self {
        Self::new(match refusal {
            AccountsRefusal::NoSuchName => Code::NoSuchUser,
            AccountsRefusal::Oneself => Code::Oneself,
            AccountsRefusal::AlreadyRequested => Code::AlreadyRequested,
            AccountsRefusal::AlreadyFriend => Code::AlreadyFriend,
            AccountsRefusal::NotRequested => Code::NotRequested,
            AccountsRefusal::NotFriend => Code::NotFriend,
            AccountsRefusal::TooOften { retry_after_ms } => {
                let retry_after = Some(Duration::from_millis(retry_after_ms));
                return Self { retry_after, ..Self::new(Code::TooManyRequests) };
            }
        })
    }
}

impl From<ChatRefusal> for Problem {
    fn from(refusal: ChatRefusal) -> Self {
        Self::new(match refusal {
            // What users write to is a room here.
            ChatRefusal::NoSuchPeer | ChatRefusal::NoSuchRoom => Code::NoSuchRoom,
            ChatRefusal::NoSuchMessage => Code::NoSuchMessage,
            ChatRefusal::NotMember => Code::NotMember,
            ChatRefusal::NotAllowed => Code::NotAllowed,
            ChatRefusal::NoSuchMember => Code::NoSuchMember,
            ChatRefusal::Banned => Code::Banned,
            ChatRefusal::GroupFull => Code::GroupFull,
            ChatRefusal::TooManyGroups => Code::TooManyGroups,
            ChatRefusal::OwnerStays => Code::OwnerStays,
            ChatRefusal::NotAddable => Code::NotAddable,
            ChatRefusal::NotOffered => Code::NotOffered,
        })
    }
}

impl From<BlockRefusal> for Problem {
    fn from(refusal: BlockRefusal) -> Self {
        Self::new(match refusal {
            BlockRefusal::NoSuchUser => Code::NoSuchUser,
            BlockRefusal::Oneself => Code::Oneself,
            BlockRefusal::NotBlocked => Code::NotBlocked,
        })
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::new(Code::BodyTooLarge),
            BodyFault::Late => Self::new(Code::BodyLate),
            BodyFault::Broken => Self::new(Code::BodyInvalid).detail("The body broke off."),
            BodyFault::Encoded => Self::new(Code::EncodingUnknown),
        }
    }
}

impl From<FormFault> for Problem {
    fn from(fault: FormFault) -> Self {
        Self::new(Code::ParameterInvalid).detail(format!("{fault}."))
    }
}

impl From<TooMany> for Problem {
    fn from(over: TooMany) -> Self {
        Self { retry_after: Some(over.retry_after), ..Self::new(Code::TooManyRequests) }
    }
}
