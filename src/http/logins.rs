//! Tokens for those who have shown a good password.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use super::State;
use crate::auth::AuthError;
use crate::domain::accounts::login::{self, Claims, Network};
use crate::domain::accounts::user::User;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::store::StoreError;
use crate::store::accounts::logins::{self, Begun, NewLogin};
use crate::store::accounts::users::Account;
use crate::store::engine::Connection;

/// Why there is no token.
pub enum NoToken {
    /// The password is another by now, or the user is gone.
    Outdated,
    /// It could not be stored.
    Refused(Refusal),
    /// The token.
    Auth(AuthError),
}

/// Begins a log-in of an account whose password was found good, and gives its token.
///
/// # Errors
/// Each variant of [`NoToken`].
pub async fn begin(
    state: &State,
    request: &HttpRequest,
    account: Account,
) -> Result<String, NoToken> {
    let now = state.clock.now();
    let draft = state.tokens.draft(now).map_err(NoToken::Auth)?;
    let Account { user, password_hash, .. } = account;
    let new = NewLogin {
        id: draft.login.clone(),
        user: user.id,
        agent: agent(request),
        network: Some(Network::of(state.peer(request))),
        created_at: now,
        expires_at: draft.expires_at,
    };
    let stored = store(state, new, move |conn, new| logins::begin(conn, new, &password_hash));
    match stored.await.map_err(NoToken::Refused)? {
        Begun::Stored(through) => {
            log::info!("user {} logged in", user.id);
            state.tokens.revoked().admit(&draft.login, user.id);
            state.tokens.sign(&user, &draft.after(through)).map_err(NoToken::Auth)
        }
        Begun::Refused => Err(NoToken::Outdated),
    }
}

/// Gives a further token of the log-in of a good one, with its end.
///
/// # Errors
/// Each variant of [`NoToken`].
pub async fn renew(
    state: &State,
    request: &HttpRequest,
    user: User,
    claims: Claims,
) -> Result<(String, Timestamp), NoToken> {
    let now = state.clock.now();
    let draft = match &claims.login {
        Some(login) => state.tokens.draft_for(login.clone(), now),
        None => state.tokens.draft(now).map_err(NoToken::Auth)?,
    };
    let expires_at = draft.expires_at;
    let (id, agent) = (draft.login.clone(), agent(request));
    let network = Some(Network::of(state.peer(request)));
    let renewed = NewLogin { id, user: user.id, agent, network, created_at: now, expires_at };
    let stored = store(state, renewed, move |conn, new| logins::renew(conn, &claims, new));
    match stored.await.map_err(NoToken::Refused)? {
        Begun::Stored(through) => {
            let token = state.tokens.sign(&user, &draft.after(through)).map_err(NoToken::Auth)?;
            Ok((token, expires_at))
        }
        Begun::Refused => Err(NoToken::Outdated),
    }
}

/// Stores a log-in by `write`, and ends the oldest of its user beyond the bound.
fn store(
    state: &State,
    new: NewLogin,
    write: impl Fn(&mut Connection, &NewLogin) -> Result<Begun, StoreError> + Send + 'static,
) -> impl Future<Output = Result<Begun, Refusal>> {
    let max = state.settings.logins_per_user_max;
    state.hub().revoke_beside(move |conn| {
        let begun = write(conn, &new)?;
        let ended = match (begun, max) {
            (Begun::Stored(_), Some(max)) => logins::trim(conn, &new, max)?,
            (Begun::Stored(_), None) | (Begun::Refused, _) => None,
        };
        Ok((begun, ended))
    })
}

/// What the peer calls itself.
fn agent(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(USER_AGENT)?;
    login::agent(&String::from_utf8_lossy(header.as_bytes()))
}
