//! Logs users in whom nobody has seeded.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};

use super::{Account, Entry, Role, is_plain, must_differ};
use crate::http::Client;

/// Log-ins at once: each costs the hub a hash.
const AT_ONCE: usize = 4;

/// Asks the hub for what is not known of users; `password` is that of those who have none of their own.
///
/// # Errors
/// If the hub refuses one, or two are the same user.
pub fn log_in(
    client: &Client,
    entries: Vec<Entry>,
    password: Option<&str>,
) -> anyhow::Result<Vec<Account>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(place) else { return Ok(done) };
            done.push((place, account(client, entry, password)?));
        }
    };
    let parts: Vec<anyhow::Result<Vec<(usize, Account)>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut found = Vec::with_capacity(entries.len());
    for part in parts {
        found.extend(part?);
    }
    ensure!(found.len() == entries.len(), "not all users could be logged in");
    found.sort_unstable_by_key(|(place, _)| *place);
    let accounts: Vec<Account> = found.into_iter().map(|(_, account)| account).collect();
    must_differ(accounts.iter().map(|account| account.id).collect())?;
    Ok(accounts)
}

fn account(client: &Client, entry: &Entry, password: Option<&str>) -> anyhow::Result<Account> {
    let token = match &entry.token {
        Some(token) => token.clone(),
        None => {
            let email = entry.email.as_deref().unwrap_or_default();
            let password = entry.password.as_deref().or(password).unwrap_or_default();
            client.log_in(email, password).with_context(|| format!("log-in of {email}"))?
        }
    };
    ensure!(is_plain(&token), "a token is empty or has signs that no token has");
    let (id, name) = match entry.id {
        Some(id) => (id, entry.name.clone()),
        None => {
            let me = client.me(&token).context("whose a token is")?;
            (me.id, me.name)
        }
    };
    Ok(Account { id, token, name, friends: entry.friends.clone(), role: Role::User })
}
