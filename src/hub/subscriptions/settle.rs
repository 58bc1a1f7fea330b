//! What becomes of messages that are out: acknowledged, held longer, refused, or moved to the dead letters. What has to
//! be stored is stored before anybody is answered.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt as _, AsyncContext as _, Context, WrapFuture as _};

use super::live::{LiveSubscription, fault};
use super::machine::{Failed, TagState};
use super::messages::{Acknowledge, Extend, PubsubAnswer, PubsubReply, StaleTags};
use crate::store::pubsub::acks::DeadLetter;
use crate::store::pubsub::writes;

/// After what was not stored it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is said that dead letters cannot be moved.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// An answer that waits for what has to be stored first.
pub(super) struct Later {
    stale: StaleTags,
    reply: PubsubReply<StaleTags>,
}

impl Later {
    fn send(self, done: PubsubAnswer<()>) {
        drop(self.reply.send(done.map(|()| self.stale)));
    }
}

impl LiveSubscription {
    /// What is told of tags that were of no use: nothing, unless each delivery counts.
    fn told(&self, stale: StaleTags) -> StaleTags {
        if self.subscription.config.is_exactly_once { stale } else { Vec::new() }
    }

    /// Has acknowledgements stored, and then answers.
    pub fn acknowledge(
        &mut self,
        Acknowledge { tags, reply }: Acknowledge,
        ctx: &mut Context<Self>,
    ) {
        let (mut good, mut stale) = (Vec::new(), Vec::new());
        for tag in tags {
            match self.machine.ack(tag.message, tag.number) {
                TagState::Good => good.push(tag.message),
                TagState::Done => {}
                TagState::Stale => stale.push(tag),
            }
        }
        let later = Later { stale: self.told(stale), reply };
        if good.is_empty() {
            later.send(Ok(()));
            return;
        }
        good.iter().for_each(|id| self.forget(*id));
        let (store, id, ids) = (self.parts.store.clone(), self.subscription.id, good.clone());
        let stored = async move { store.run(writes::acknowledge(id, ids)).await };
        ctx.spawn(stored.into_actor(self).map(move |stored, actor, ctx| {
            match stored {
                Ok(()) => {
                    actor.parts.metrics.pubsub.acknowledged(good.len());
                    good.into_iter().for_each(|id| actor.machine.acked(id));
                    later.send(Ok(()));
                }
                Err(error) => {
                    let until = actor.now().saturating_add(AGAIN);
                    good.into_iter().for_each(|id| actor.machine.unsettled(id, until));
                    later.send(Err(fault(&error)));
                }
            }
            actor.pump(ctx);
        }));
    }

    /// Moves deadlines, or lets messages fail; what that needs to be stored is stored first.
    pub fn extend(&mut self, Extend { tags, reply }: Extend, ctx: &mut Context<Self>) {
        let now = self.now();
        let (mut failed, mut stale) = (Vec::new(), Vec::new());
        for (tag, span) in tags {
            let (id, number) = (tag.message, tag.number);
            let state = match span.is_zero() {
                true => self.machine.nack((id, number), now, &mut failed),
                false => self.machine.extend(id, number, now.saturating_add(span)),
            };
            if state == TagState::Stale {
                stale.push(tag);
            }
        }
        let later = Later { stale: self.told(stale), reply };
        self.note(failed, Some(later), ctx);
        self.pump(ctx);
    }

    /// Has it stored how often messages have failed; then they come again, or are dead letters.
    pub(super) fn note(
        &mut self,
        failed: Vec<Failed>,
        later: Option<Later>,
        ctx: &mut Context<Self>,
    ) {
        if failed.is_empty() {
            if let Some(later) = later {
                later.send(Ok(()));
            }
            return;
        }
        let (store, id, noted) = (self.parts.store.clone(), self.subscription.id, failed.clone());
        let stored = async move { store.run(writes::note_failures(id, noted)).await };
        ctx.spawn(stored.into_actor(self).map(move |stored, actor, ctx| {
            let now = actor.now();
            let answer = stored.map_err(|error| fault(&error));
            let mut dead = Vec::new();
            for (id, failures) in failed {
                match &answer {
                    Ok(()) if actor.machine.noted(id, now) => {
                        dead.push(DeadLetter { id, failures })
                    }
                    Ok(()) => {}
                    Err(_) => actor.machine.unsettled(id, now.saturating_add(AGAIN)),
                }
            }
            if let Some(later) = later {
                later.send(answer);
            }
            actor.bury(dead, ctx);
            actor.pump(ctx);
        }));
    }

    /// Moves messages that have failed too often to the topic for them; if nobody is there, they come again.
    fn bury(&mut self, dead: Vec<DeadLetter>, ctx: &mut Context<Self>) {
        let Some(policy) =
            self.subscription.config.dead_letter.clone().filter(|_| !dead.is_empty())
        else {
            return self.come_again(&dead);
        };
        let ids: Vec<DeadLetter> = dead.clone();
        let of = (self.subscription.id, self.subscription.name.clone());
        let now = (Arc::clone(&self.parts.clock), self.parts.format_time);
        let store = self.parts.store.clone();
        let topic = policy.topic.clone();
        let moved = async move { store.run(writes::move_dead_letters(of, topic, dead, now)).await };
        ctx.spawn(moved.into_actor(self).map(move |moved, actor, ctx| {
            match moved {
                Ok(true) => {
                    actor.parts.metrics.pubsub.dead_letters(ids.len());
                    ids.iter().for_each(|dead| actor.machine.acked(dead.id));
                }
                Ok(false) => {
                    actor.warn(&format!("nobody is subscribed to {}", policy.topic));
                    actor.come_again(&ids);
                }
                Err(error) => {
                    actor.warn(&error.to_string());
                    actor.come_again(&ids);
                }
            }
            actor.pump(ctx);
        }));
    }

    fn come_again(&mut self, dead: &[DeadLetter]) {
        let now = self.now();
        dead.iter().for_each(|dead| self.machine.requeue(dead.id, now));
    }

    fn warn(&mut self, why: &str) {
        let now = self.now();
        if self.warned_at.is_none_or(|at| at.saturating_add(WARN_INTERVAL) <= now) {
            self.warned_at = Some(now);
            log::warn!("dead letters of {} are not moved: {why}", self.subscription.name);
        }
    }
}
