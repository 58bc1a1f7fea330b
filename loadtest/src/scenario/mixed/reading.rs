//! The end of a run: all come back and read their whole conversation.

use super::day::{Phase, User};
use super::{LAST_PAGE, Mixed, TRIES};
use crate::net::Net;
use crate::number::{index, short};
use crate::scenario::Desk;
use crate::scenario::walk::Walk;

impl Mixed {
    /// The end of a page of the last reading.
    pub(super) fn read_on(&mut self, desk: &mut Desk, net: &mut Net, number: u32) {
        let Some(mut walk) = self.user(number).map(|user| std::mem::take(&mut user.walk)) else {
            return;
        };
        let room = self.user(number).map_or(0, |user| user.room);
        let (Some(even), Some(odd)) = (self.flow(number & !1), self.flow(number | 1)) else {
            return;
        };
        let check = &mut desk.book.check;
        if walk.end_page(check, number, LAST_PAGE, [even, odd]) {
            walk.ask(net, number, room, LAST_PAGE);
        } else {
            walk.settle(check, number, [even, odd]);
            if let Some(user) = self.user(number) {
                user.phase = Phase::Done;
            }
        }
        if let Some(user) = self.user(number) {
            user.walk = walk;
        }
    }

    /// At the end: all come back, and when all is quiet, all read.
    pub(super) fn drain(&mut self, desk: &mut Desk, net: &mut Net) {
        for number in 0..short(self.users.len()) {
            let full = self.opening >= self.opening_max;
            let away = self.users.get(index(number)).filter(|user| user.phase == Phase::Away);
            match away.map(|user| user.tries) {
                Some(tries) if tries >= TRIES => {
                    desk.book.error("a user could not come back to read");
                    self.users
                        .get_mut(index(number))
                        .into_iter()
                        .for_each(|u| u.phase = Phase::Done);
                }
                Some(_) if !full => self.come(desk, net, number),
                Some(_) | None => {}
            }
        }
        let quiet = |user: &User| match user.phase {
            Phase::Chatting => user.flow.waiting() == 0,
            Phase::Done => true,
            Phase::Away | Phase::Coming | Phase::Paging | Phase::Leaving | Phase::Reading => false,
        };
        if self.reading || !self.users.iter().all(quiet) {
            return;
        }
        self.reading = true;
        for (number, user) in (0_u32..).zip(&mut self.users) {
            if user.phase == Phase::Chatting {
                user.phase = Phase::Reading;
                user.walk = Walk::begin(net, number, user.room, LAST_PAGE);
            }
        }
    }

    /// What a session has seen live must have no holes.
    pub(super) fn settle_live(&mut self, desk: &mut Desk, number: u32) {
        let Some(line) = self.user(number).and_then(|user| user.live.take()) else { return };
        let Some((peer, flow)) = self.flow(number ^ 1) else { return };
        for seq in line.holes().filter(|seq| flow.is_acked(*seq)) {
            desk.book.check.lost += 1;
            desk.book.check.example(|| format!("session {number}: {peer}/{seq} did not come live"));
        }
    }
}
