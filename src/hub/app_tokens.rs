//! Tokens of apps that end, or live on because a socket is open that has shown them.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::ChatServer;
use crate::domain::apps::token::{AppToken, TokenHash};
use crate::domain::close::CloseReason;
use crate::domain::id::SessionId;
use crate::store::apps::writes;

/// A session that showed a token may still be on its way to the hub for so long after the token has ended.
const REMEMBERED: Duration = Duration::from_secs(120);
/// So many are remembered at most: an operator has to end them, one after another or all of an app.
const REMEMBERED_MAX: usize = 10_000;

/// Tokens that have ended a moment ago.
#[derive(Default)]
pub struct EndedTokens {
    known: HashSet<TokenHash>,
    /// In the order in which they ended, by the steady clock.
    order: VecDeque<(Duration, TokenHash)>,
    /// Those whose sessions have not been ended yet.
    new: Vec<TokenHash>,
}

impl EndedTokens {
    fn add(&mut self, tokens: &[TokenHash], now: Duration) {
        for token in tokens {
            if self.known.insert(*token) {
                self.order.push_back((now, *token));
                self.new.push(*token);
            }
        }
        let is_old = |at: &Duration| at.saturating_add(REMEMBERED) < now;
        while let Some((at, token)) = self.order.front()
            && (is_old(at) || self.order.len() > REMEMBERED_MAX)
        {
            self.known.remove(token);
            self.order.pop_front();
        }
    }

    /// Whether a token has ended, as far as that is remembered.
    pub fn has(&self, token: &AppToken) -> bool {
        self.known.contains(&token.hash)
    }
}

impl ChatServer {
    pub(super) fn tokens_ended(&mut self, tokens: &[TokenHash]) {
        self.ended_tokens.add(tokens, self.parts.clock.steady());
    }

    /// Ends the sessions of tokens that have ended.
    pub(super) fn end_void_tokens(&mut self) {
        let ended = std::mem::take(&mut self.ended_tokens.new);
        if ended.is_empty() {
            return;
        }
        let ended = HashSet::<TokenHash>::from_iter(ended);
        let sessions = self.sessions.with_app_tokens(|token| ended.contains(&token.hash));
        for session in sessions {
            self.evict(session, CloseReason::TokenRevoked);
        }
    }

    /// Lets the token of a session live on, if it does by being used; false if it ends.
    pub(super) fn keep_token(&mut self, session: SessionId) -> bool {
        let now = self.parts.clock.now();
        let entry = self.sessions.get_mut(session);
        let Some(token) = entry.and_then(|entry| entry.app_token_mut()) else { return false };
        let Some(until) = token.renewed(now) else { return false };
        token.expires_at = until;
        let (store, hash) = (self.parts.store.clone(), token.hash);
        actix::spawn(async move {
            if let Err(error) = store.run(writes::renew_token(hash, until)).await {
                log::warn!("a token in use could not be renewed: {error}");
            }
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_remembered_for_a_while() {
        let (mut ended, second) = (EndedTokens::default(), Duration::from_secs(1));
        ended.add(&[[1; 32], [1; 32], [2; 32]], second);
        assert_eq!((ended.known.len(), ended.new.len()), (2, 2));
        ended.add(&[[3; 32]], second * 200);
        assert_eq!((ended.known.len(), ended.order.len(), ended.new.len()), (1, 1, 3));
        for number in 0..REMEMBERED_MAX {
            let mut token = [9; 32];
            token[..8].copy_from_slice(&number.to_be_bytes());
            ended.add(&[token], second * 201);
        }
        assert_eq!((ended.known.len(), ended.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
