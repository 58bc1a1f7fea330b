//! How what waits for a subscription gets into memory: pages of its backlog, and what is published.

use std::sync::Arc;

use actix::{ActorFutureExt as _, AsyncContext as _, Context, WrapFuture as _};

use super::live::{LiveSubscription, fault};
use super::machine::Loaded;
use crate::domain::pubsub::message::PublishedMessage;
use crate::store::pubsub::backlog::BacklogPage;
use crate::store::pubsub::lookups;

/// Messages of one look into the store, and bytes of those that are loaded.
const PAGE_MAX: (usize, usize) = (1_000, 4 << 20);
/// Bytes of messages that are kept loaded until somebody takes them.
const LOADED_BYTES_MAX: usize = 8 << 20;

impl LiveSubscription {
    /// Loads what waits behind a message.
    pub fn load(&mut self, after: i64, ctx: &mut Context<Self>) {
        self.is_loading = true;
        self.missed = false;
        let (store, id) = (self.parts.store.clone(), self.subscription.id);
        let page = async move { store.read(lookups::backlog(id, after, PAGE_MAX)).await };
        ctx.spawn(page.into_actor(self).map(move |page, actor, ctx| {
            actor.is_loading = false;
            match page {
                // What was reset meanwhile starts from the beginning.
                Ok(page) if actor.machine.wants_page() == Some(after) => actor.append(page),
                Ok(_) => {}
                Err(error) => {
                    let refusal = fault(&error);
                    for take in std::mem::take(&mut actor.takes) {
                        actor.finish(&take);
                        drop(take.reply.send(Err(refusal.clone())));
                    }
                }
            }
            actor.pump(ctx);
        }));
    }

    fn append(&mut self, page: BacklogPage) {
        let is_ordered = self.subscription.config.is_ordered;
        let waiting = page.waiting.into_iter().map(|waiting| Loaded {
            id: waiting.id,
            failures: waiting.failures,
            bytes: waiting.bytes,
            key: if is_ordered { waiting.ordering_key } else { Arc::default() },
        });
        self.machine.append(waiting, page.is_last && !self.missed);
        for message in page.loaded.into_values() {
            if self.loaded_bytes < LOADED_BYTES_MAX {
                self.keep(message);
            }
        }
    }

    /// Messages have been published, the newest of all.
    pub fn arrive(&mut self, messages: &[Arc<PublishedMessage>], some: Option<&[usize]>) {
        self.missed = true;
        if self.is_loading || !self.machine.takes_news() || self.loaded_bytes >= LOADED_BYTES_MAX {
            self.machine.fall_behind();
            return;
        }
        let is_ordered = self.subscription.config.is_ordered;
        let loaded = |message: &Arc<PublishedMessage>| Loaded {
            id: message.id,
            failures: 0,
            bytes: message.draft.bytes(),
            key: if is_ordered { (&*message.draft.ordering_key).into() } else { Arc::default() },
        };
        let new: Vec<&Arc<PublishedMessage>> = match some {
            None => messages.iter().collect(),
            Some(some) => some.iter().filter_map(|at| messages.get(*at)).collect(),
        };
        self.machine.append(new.iter().map(|message| loaded(message)), true);
        new.into_iter().for_each(|message| self.keep(Arc::clone(message)));
    }
}
