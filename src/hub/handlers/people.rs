//! Questions about users, and news for them, from others than sessions.

use actix::{Context, Handler};

use crate::domain::event::{Event, Topic, Viewer};
use crate::hub::ChatServer;
use crate::hub::fanout::Fanout;
use crate::hub::messages::{AskOnline, Notify};

impl Handler<AskOnline> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskOnline, _: &mut Context<Self>) {
        if ask.answer.send(self.presence.is_online(ask.user)).is_err() {
            log::debug!("nobody waited to hear whether a user is online");
        }
    }
}

impl Handler<Notify> for ChatServer {
    type Result = ();

    fn handle(&mut self, notify: Notify, _: &mut Context<Self>) {
        let (to, at) = (notify.notice.to, self.parts.clock.now());
        let delivered = self.hears(to, Topic::Notices).then_some(at);
        if delivered.is_some() {
            let mut fanout = Fanout::default();
            let event = fanout.event(Event::Noticed { notice: notify.notice, at });
            fanout.push(event, (to, Viewer::Peer), None);
            self.deliver(fanout);
        }
        if notify.delivered.send(delivered).is_err() {
            log::debug!("nobody waited to hear of a notice");
        }
    }
}
