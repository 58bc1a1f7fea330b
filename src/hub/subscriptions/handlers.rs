//! What a live subscription does when it is asked.

use std::time::Duration;

use actix::{
    ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseActFuture,
    WrapFuture as _,
};

use super::live::{LiveSubscription, WaitingTake, fault};
use super::machine::ConsumerFlow;
use super::messages::{
    Acknowledge, Arrived, CloseConsumer, Extend, LookAgain, OpenConsumer, OpenedConsumer,
    PubsubAnswer, PullOnce, Seek, SetFlow, StopDelivering, Take,
};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::store::pubsub::{lookups, writes};

impl Handler<OpenConsumer> for LiveSubscription {
    type Result = PubsubAnswer<OpenedConsumer>;

    fn handle(
        &mut self,
        OpenConsumer(flow): OpenConsumer,
        ctx: &mut Context<Self>,
    ) -> Self::Result {
        self.refuses()?;
        self.is_asked();
        let id = self.open(flow);
        self.touch(ctx);
        Ok((id, self.subscription.clone(), self.is_exactly_once.subscribe()))
    }
}

impl Handler<SetFlow> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, SetFlow(id, change): SetFlow, ctx: &mut Context<Self>) {
        self.machine.set_flow(id, change);
        self.pump(ctx);
    }
}

impl Handler<CloseConsumer> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, CloseConsumer(id): CloseConsumer, ctx: &mut Context<Self>) {
        self.is_asked();
        self.machine.close(id);
        self.pump(ctx);
    }
}

impl Handler<Take> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, Take { consumer, most, reply }: Take, ctx: &mut Context<Self>) {
        if let Err(refusal) = self.refuses() {
            drop(reply.send(Err(refusal)));
            return;
        }
        self.takes.push_back(WaitingTake { consumer, most, until: None, reply });
        self.pump(ctx);
    }
}

impl Handler<PullOnce> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, PullOnce { most, wait, reply }: PullOnce, ctx: &mut Context<Self>) {
        let refused = self.refuses().and_then(|()| match self.subscription.config.push {
            Some(_) => Err(PubsubRefusal::precondition("messages are pushed to this subscription")),
            None => Ok(()),
        });
        if let Err(refusal) = refused {
            drop(reply.send(Err(refusal)));
            return;
        }
        self.is_asked();
        let lease = Duration::from_secs(self.subscription.config.ack_deadline_s.into());
        let consumer = self.open(ConsumerFlow { messages_max: None, bytes_max: None, lease });
        self.touch(ctx);
        let until = Some(self.now().saturating_add(wait));
        self.takes.push_back(WaitingTake { consumer, most, until, reply });
        self.pump(ctx);
    }
}

impl Handler<Acknowledge> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, asked: Acknowledge, ctx: &mut Context<Self>) {
        self.is_asked();
        match self.refuses() {
            Ok(()) => self.acknowledge(asked, ctx),
            Err(refusal) => drop(asked.reply.send(Err(refusal))),
        }
    }
}

impl Handler<Extend> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, asked: Extend, ctx: &mut Context<Self>) {
        self.is_asked();
        match self.refuses() {
            Ok(()) => self.extend(asked, ctx),
            Err(refusal) => drop(asked.reply.send(Err(refusal))),
        }
    }
}

impl Handler<Seek> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, Seek { to, reply }: Seek, ctx: &mut Context<Self>) {
        self.is_asked();
        if self.is_seeking {
            let busy = PubsubRefusal::new(PubsubStatus::Aborted, "another seek is under way");
            drop(reply.send(Err(busy)));
            return;
        }
        self.is_seeking = true;
        let (store, id) = (self.parts.store.clone(), self.subscription.id);
        let sought = async move {
            while store.run(writes::seek_step(id, to)).await? {}
            Ok(())
        };
        ctx.spawn(sought.into_actor(self).map(move |sought, actor, ctx| {
            actor.is_seeking = false;
            actor.reset();
            drop(reply.send(sought.map_err(|error| fault(&error))));
            actor.pump(ctx);
        }));
    }
}

impl Handler<Arrived> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, Arrived { messages, some }: Arrived, ctx: &mut Context<Self>) {
        self.arrive(&messages, some.as_deref());
        self.pump(ctx);
    }
}

impl Handler<LookAgain> for LiveSubscription {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: LookAgain, _: &mut Context<Self>) -> Self::Result {
        let (store, id) = (self.parts.store.clone(), self.subscription.id);
        let found = async move { store.read(lookups::subscription_by_id(id)).await };
        Box::pin(found.into_actor(self).map(|found, actor, ctx| match found {
            Ok(Some(subscription)) => {
                actor.set(subscription);
                if let Err(refusal) = actor.refuses() {
                    actor.end(&refusal);
                }
                actor.pump(ctx);
            }
            Ok(None) => {
                actor.end(&PubsubRefusal::not_found(&actor.subscription.name.clone()));
                ctx.stop();
            }
            // It is as it was, until it is looked for again.
            Err(error) => {
                drop(fault(&error));
                ctx.notify_later(LookAgain, Duration::from_secs(1));
            }
        }))
    }
}

impl Handler<StopDelivering> for LiveSubscription {
    type Result = ();

    fn handle(&mut self, _: StopDelivering, _: &mut Context<Self>) {
        self.end(&PubsubRefusal::new(PubsubStatus::Unavailable, "the server stops"));
    }
}
