//! Who a session is: the one place that says it, for the session, the hub and delivery.
//!
//! A session belongs to one principal for life. Presence counts users; news go to mailboxes.

use std::hash::{Hash, Hasher};

use crate::domain::accounts::login::Claims;
use crate::domain::apps::device::DeviceClass;
use crate::domain::apps::token::AppToken;
use crate::domain::error::Refusal;
use crate::domain::id::{AppId, DeviceId, UserId};

/// Who a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    User(UserId),
    /// A user's device, by its own name. It speaks for its owner.
    Device {
        device: DeviceId,
        /// For whom it speaks.
        owner: UserId,
        class: DeviceClass,
    },
    /// An operator's console of an app. It speaks for nobody else, and nobody sees it.
    Console(AppId),
}

impl Principal {
    /// The user on whose behalf a session speaks, and for whose presence it counts.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) | Self::Device { owner: user, .. } => Some(user),
            Self::Console(_) => None,
        }
    }

    /// The mailbox that is the principal's own.
    pub const fn mailbox(self) -> Mailbox {
        match self {
            Self::User(user) => Mailbox::User(user),
            Self::Device { device, .. } => Mailbox::Device(device),
            Self::Console(app) => Mailbox::Console(app),
        }
    }

    /// Where answers to what the principal asks are left: the user's mailbox, if there is a user.
    pub fn answered_at(self) -> Mailbox {
        self.user().map_or(self.mailbox(), Mailbox::User)
    }
}

/// Whom something is delivered to. All sessions there get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// The sessions of a user, those of the user's devices among them.
    User(UserId),
    /// The sessions of a device.
    Device(DeviceId),
    /// The consoles of an app.
    Console(AppId),
}

impl Hash for Mailbox {
    /// By the id alone, which hardly ever is that of another kind: each delivery pays for it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::User(user) => user.hash(state),
            Self::Device(device) => device.hash(state),
            Self::Console(app) => app.hash(state),
        }
    }
}

impl From<UserId> for Mailbox {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// What a peer shows to say who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user's token, which is good by its signature.
    Token(String),
    /// Anything that has to be looked up: a key and its secret, a device and its token.
    Scheme {
        /// Who can judge it.
        name: &'static str,
        /// In the order that the scheme says.
        parts: Vec<String>,
    },
}

impl std::fmt::Debug for Credential {
    /// Nothing of what is shown: it would let others in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::Scheme { name, .. } => f.debug_tuple("Scheme").field(name).finish(),
        }
    }
}

/// What a good credential says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub principal: Principal,
    pub voucher: Voucher,
}

/// What lets a session in as long as it is good: it may expire, or be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// Nothing that ends.
    None,
    /// A user's token, by what it says.
    Login(Claims),
    /// A token of an app. In a box: of sessions, few have one.
    App(Box<AppToken>),
}

impl Identity {
    /// What the user's token says, if that is what was shown.
    pub fn claims(&self) -> Option<&Claims> {
        match &self.voucher {
            Voucher::Login(claims) => Some(claims),
            Voucher::None | Voucher::App(_) => None,
        }
    }

    /// The token of an app, if that is what was shown.
    pub fn app_token(&self) -> Option<&AppToken> {
        match &self.voucher {
            Voucher::App(token) => Some(token),
            Voucher::None | Voucher::Login(_) => None,
        }
    }
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        Self { principal: Principal::User(claims.user), voucher: Voucher::Login(claims) }
    }
}

/// Why a peer was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifyError {
    /// The credential is malformed, badly signed, unknown, or expired.
    Credential,
    /// The credential is good, but names nobody, or somebody else than the session has been.
    Principal,
    /// The credential is good, and what has come beside it is not: how, the dialect has said itself, as a number.
    Form(u8),
    /// The hub cannot say now.
    Busy,
    Internal,
}

impl From<Refusal> for IdentifyError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy => Self::Busy,
            Refusal::Internal | Refusal::Accounts(_) | Refusal::Chat(_) => Self::Internal,
        }
    }
}

/// What only one live session may have. A newer session with the same key replaces the older one,
/// whatever their dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplaceKey {
    Device(DeviceId),
    /// A user, once for each class of clients: what a class is, is the dialect's affair.
    Class(UserId, u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_speaks_for_its_owner_and_a_console_for_nobody() {
        let (user, device, app) = (UserId::new(2), DeviceId::new(2), AppId::new(2));
        let (user, device, app) = (user.unwrap(), device.unwrap(), app.unwrap());
        let device_of = Principal::Device { device, owner: user, class: DeviceClass::Browser };
        for (principal, speaks_for, mailbox, answered_at) in [
            (Principal::User(user), Some(user), Mailbox::User(user), Mailbox::User(user)),
            (device_of, Some(user), Mailbox::Device(device), Mailbox::User(user)),
            (Principal::Console(app), None, Mailbox::Console(app), Mailbox::Console(app)),
        ] {
            assert_eq!(principal.user(), speaks_for);
            assert_eq!((principal.mailbox(), principal.answered_at()), (mailbox, answered_at));
        }
        // The same number is another mailbox for each kind.
        assert_ne!(Mailbox::User(user), Mailbox::Device(device));
        assert_ne!(Mailbox::Device(device), Mailbox::Console(app));
    }

    #[test]
    fn a_credential_is_not_shown() {
        let token = Credential::Token("secret".to_owned());
        let key = Credential::Scheme { name: "key", parts: vec!["secret".to_owned()] };
        assert_eq!(format!("{token:?} {key:?}"), r#"Token Scheme("key")"#);
    }
}
