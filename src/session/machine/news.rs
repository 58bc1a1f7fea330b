//! News on their way to the peer: sent as they come, held until it is known who the peer is, or passed over while what
//! they are about is read from the store.

use std::sync::Arc;

use super::Machine;
use crate::domain::apps::downstream::Downstream;
use crate::domain::close::CloseReason;
use crate::session::effect::{Effect, Effects};
use crate::wire::{Frame, Phase};

/// News that are not sent as they come.
pub(super) enum HeldNews {
    /// Those that came before the answer to the first identification.
    Kept { frames: Vec<Frame>, bytes: usize },
    /// They are passed over; whether there were any since somebody looked.
    PassedOver(bool),
}

impl Machine {
    /// Something happened that the user is told of.
    pub fn pushed(&mut self, frame: Frame, effects: &mut Effects) {
        if self.ended {
            return;
        }
        match (self.held.as_deref_mut(), self.phase) {
            (Some(HeldNews::PassedOver(any)), _) => *any = true,
            (_, Phase::Ready(_)) => effects.push_back(Effect::Push(frame)),
            (_, Phase::Opened | Phase::Alive) => self.hold(frame, effects),
        }
    }

    /// Things happened that several sessions are told of.
    pub fn told(&mut self, frames: Arc<[Frame]>, effects: &mut Effects) {
        if self.takes_news() {
            effects.push_back(Effect::PushAll(frames));
        } else {
            frames.iter().for_each(|frame| self.pushed(frame.clone(), effects));
        }
    }

    /// Whether news are sent as they come.
    pub fn takes_news(&self) -> bool {
        !self.ended && matches!(self.phase, Phase::Ready(_)) && self.held.is_none()
    }

    fn hold(&mut self, frame: Frame, effects: &mut Effects) {
        let nothing = || Box::new(HeldNews::Kept { frames: Vec::new(), bytes: 0 });
        if let HeldNews::Kept { frames, bytes } = self.held.get_or_insert_with(nothing).as_mut() {
            *bytes = bytes.saturating_add(frame.len());
            frames.push(frame);
            if *bytes > self.common.held_bytes_max {
                self.end(CloseReason::SlowConsumer, effects);
            }
        }
    }

    /// Passes over news from now on, those included that are held: somebody reads what they are about.
    pub fn pass_over_news(&mut self) {
        if !self.ended {
            self.held = Some(Box::new(HeldNews::PassedOver(false)));
        }
    }

    /// Lets news through again, unless there were any since [`Machine::pass_over_news`]; whether it does.
    pub fn let_news_through(&mut self) -> bool {
        match self.held.as_deref() {
            Some(HeldNews::PassedOver(true)) => false,
            Some(_) | None => {
                self.held = None;
                true
            }
        }
    }

    /// What is held for the peer, who is known now.
    pub(super) fn take_held(&mut self) -> Vec<Frame> {
        match self.held.take().map(|held| *held) {
            Some(HeldNews::Kept { frames, .. }) => frames,
            Some(passed @ HeldNews::PassedOver(_)) => {
                self.held = Some(Box::new(passed));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The frame that brings messages which have waited for a device, if there is one.
    pub fn waiting_frame(&self, messages: &[Downstream]) -> Option<Frame> {
        self.dialect().waiting(messages, self.variant.options())
    }
}
