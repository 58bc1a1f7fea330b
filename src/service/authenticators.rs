//! Who a peer is, by what it shows.
//!
//! A token is judged by its signature at once, which is what nearly all sessions come with. All else
//! is looked up: whoever can judge a scheme of credentials is registered for it at the start.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::auth::token::{TokenError, Tokens};
use crate::domain::accounts::login::{Claims, Proof};
use crate::domain::clock::Clock;
use crate::domain::principal::{Credential, IdentifyError, Identity};
use crate::service::accounts::Accounts;

/// Who a peer is, or why it is not let in.
pub type Identified = Result<Identity, IdentifyError>;

/// What an authenticator says of a credential.
pub enum Authentication {
    /// It needs to ask nobody.
    Now(Identified),
    /// It asks the store, or another service.
    Later(Pin<Box<dyn Future<Output = Identified>>>),
}

/// Judges the credentials of a scheme.
pub trait Authenticator: Send + Sync + 'static {
    /// Who shows these parts of a [`Credential::Scheme`].
    fn check(&self, parts: &[String]) -> Authentication;

    /// The same for whoever comes from a page of this origin, if it is known and any matter.
    fn check_from(&self, parts: &[String], _origin: Option<&str>) -> Authentication {
        self.check(parts)
    }
}

/// All that judge credentials.
pub struct Authenticators {
    accounts: Accounts,
    tokens: Tokens,
    clock: Arc<dyn Clock>,
    schemes: HashMap<&'static str, Box<dyn Authenticator>>,
}

impl Authenticators {
    /// Those of tokens, with these others by the names of their schemes.
    pub fn new(
        accounts: Accounts,
        tokens: &Tokens,
        clock: Arc<dyn Clock>,
        schemes: HashMap<&'static str, Box<dyn Authenticator>>,
    ) -> Self {
        Self { accounts, tokens: tokens.clone(), clock, schemes }
    }

    /// Who shows a credential, on a page of this origin if that is remembered.
    pub fn check(&self, credential: &Credential, origin: Option<&str>) -> Authentication {
        match credential {
            Credential::Token(token) => self.token(token),
            Credential::Scheme { name, parts } => match self.schemes.get(name) {
                Some(authenticator) => authenticator.check_from(parts, origin),
                None => Authentication::Now(Err(IdentifyError::Credential)),
            },
        }
    }

    fn token(&self, token: &str) -> Authentication {
        match self.tokens.verify(token, self.clock.now()) {
            Ok(claims) => Authentication::Now(Ok(claims.into())),
            Err(TokenError::Unknown(claims)) => self.confirm(*claims),
            Err(TokenError::Signature | TokenError::Revoked) => {
                Authentication::Now(Err(IdentifyError::Credential))
            }
            Err(TokenError::Payload) => Authentication::Now(Err(IdentifyError::Principal)),
        }
    }

    /// Asks the store for a log-in that nobody knows.
    fn confirm(&self, claims: Claims) -> Authentication {
        let proof = self.accounts.confirm(&claims);
        Authentication::Later(Box::pin(async move {
            match proof.await? {
                Proof::Lives => Ok(Identity::from(claims)),
                Proof::Ended => Err(IdentifyError::Credential),
                Proof::NoUser => Err(IdentifyError::Principal),
            }
        }))
    }
}
