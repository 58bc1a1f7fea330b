//! The sessions of devices and consoles. Those of users, a device's among its owner's, are in
//! `presence`.

use std::collections::HashMap;

use super::presence::PresenceTable;
use crate::domain::id::{DeviceId, SessionId};
use crate::domain::principal::Mailbox;
use crate::wire::Variant;

/// Mailboxes that are no user's, while they have sessions.
#[derive(Default)]
pub struct Mailboxes {
    sessions: HashMap<Mailbox, Vec<(SessionId, Variant)>>,
}

impl Mailboxes {
    /// A session belongs to a mailbox from now on, or speaks another variant.
    pub fn join(&mut self, mailbox: Mailbox, session: SessionId, variant: Variant) {
        if let Mailbox::User(_) = mailbox {
            return;
        }
        let sessions = self.sessions.entry(mailbox).or_default();
        match sessions.iter_mut().find(|(known, _)| *known == session) {
            Some((_, known)) => *known = variant,
            None => sessions.push((session, variant)),
        }
    }

    /// A session has gone.
    pub fn leave(&mut self, mailbox: Mailbox, session: SessionId) {
        let Some(sessions) = self.sessions.get_mut(&mailbox) else { return };
        sessions.retain(|(known, _)| *known != session);
        if sessions.is_empty() {
            self.sessions.remove(&mailbox);
        }
    }

    /// The devices that have sessions, in no order.
    pub fn devices(&self) -> Vec<DeviceId> {
        let device = |mailbox: &Mailbox| match mailbox {
            Mailbox::Device(device) => Some(*device),
            Mailbox::User(_) | Mailbox::Console(_) => None,
        };
        self.sessions.keys().filter_map(device).collect()
    }

    fn sessions(&self, mailbox: Mailbox) -> &[(SessionId, Variant)] {
        match mailbox {
            // Hardly a delivery goes elsewhere: it does not pay for a look.
            Mailbox::User(_) => &[],
            Mailbox::Device(_) | Mailbox::Console(_) => {
                self.sessions.get(&mailbox).map_or(&[], Vec::as_slice)
            }
        }
    }
}

/// The sessions that get what is delivered to a mailbox, and what they speak.
pub fn sessions_at(
    (presence, mailboxes): (&PresenceTable, &Mailboxes),
    mailbox: Mailbox,
) -> impl Iterator<Item = (SessionId, Variant)> {
    let user = match mailbox {
        Mailbox::User(user) => Some(user),
        Mailbox::Device(_) | Mailbox::Console(_) => None,
    };
    let of_user = user.into_iter().flat_map(|user| presence.sessions(user));
    of_user.chain(mailboxes.sessions(mailbox).iter().copied())
}
