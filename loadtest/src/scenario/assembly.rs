//! A group on its way: its owner makes it, and adds one account after another.

use crate::net::Net;
use crate::rewind::scan::Group;
use crate::rewind::write;

use super::pairs::RETRY;

/// A group that is being made for the accounts below a number; the first of them owns it.
#[derive(Debug)]
pub struct Assembly {
    /// The owner's session.
    session: u32,
    accounts: u32,
    /// Its id, once it is there.
    group: Option<u64>,
    /// The account to be added next.
    next: u32,
    /// When to ask again for what was refused.
    retry: Option<u64>,
    /// Whether it will never be complete.
    failed: bool,
}

/// Refusals that pass: above the rate limit, and busy.
const PASSING: [u16; 2] = [4008, 4009];

impl Assembly {
    /// Nothing has been asked for.
    pub fn new(session: u32, accounts: u32) -> Self {
        Self { session, accounts, group: None, next: 1, retry: None, failed: false }
    }

    /// The group, once all are in it.
    pub fn done(&self) -> Option<u64> {
        self.group.filter(|_| self.next >= self.accounts)
    }

    /// Asks for what is missing next.
    pub fn ask(&self, net: &mut Net) {
        match self.group {
            None => net.say(self.session, write::create_group),
            Some(group) if self.next < self.accounts => {
                let name = net.name(self.next);
                net.say(self.session, |out, key| write::add_member(out, key, group, &name))
            }
            Some(_) => return,
        };
    }

    /// Something has become of a group.
    pub fn grouped(&mut self, net: &mut Net, session: u32, change: &Group) {
        if session != self.session {
            return;
        }
        if self.group.is_none() {
            self.group = Some(change.id);
        } else if change.added == Some(net.user(self.next)) {
            self.next += 1;
        } else {
            return;
        }
        self.ask(net);
    }

    /// What the owner asked for was refused.
    pub fn refused(&mut self, net: &Net, session: u32, code: u16) {
        if session == self.session {
            self.failed = !PASSING.contains(&code);
            self.retry = Some(net.now() + RETRY).filter(|_| !self.failed);
        }
    }

    /// A session has ended.
    pub fn ended(&mut self, session: u32) {
        self.failed |= session == self.session;
    }

    /// Whether it will never be complete.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Asks again when it is time; says when to come again.
    pub fn tick(&mut self, net: &mut Net) -> u64 {
        match self.retry {
            Some(due) if due > net.now() => due,
            Some(_) => {
                self.retry = None;
                self.ask(net);
                u64::MAX
            }
            None => u64::MAX,
        }
    }
}
