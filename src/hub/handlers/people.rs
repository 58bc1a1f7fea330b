//! Questions about users, and news for them, from others than sessions.

use actix::{Context, Handler};

use crate::delivery::Fanout;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::event::{Event, Topic, Viewer};
use crate::hub::ChatServer;
use crate::hub::messages::{
    AskOnline, AskPresence, AskSockets, Notify, TellDepartures, TellRequest,
};
use crate::store::chat::departures::Departure;

impl Handler<AskOnline> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskOnline, _: &mut Context<Self>) {
        if ask.answer.send(self.presence.is_online(ask.user)).is_err() {
            log::debug!("nobody waited to hear whether a user is online");
        }
    }
}

impl Handler<AskPresence> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskPresence, _: &mut Context<Self>) {
        let presence = ask.users.iter().map(|user| self.presence_of(*user)).collect();
        if ask.answer.send(presence).is_err() {
            log::debug!("nobody waited to hear how users are");
        }
    }
}

impl Handler<AskSockets> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskSockets, _: &mut Context<Self>) {
        let login = |(session, _)| {
            let claims = self.sessions.get(session).and_then(|entry| entry.claims.as_ref());
            claims.and_then(|claims| claims.login.clone())
        };
        let logins = self.presence.sessions(ask.user).map(login).collect();
        if ask.answer.send(logins).is_err() {
            log::debug!("nobody waited to hear of a user's sockets");
        }
    }
}

impl Handler<Notify> for ChatServer {
    type Result = ();

    fn handle(&mut self, notify: Notify, _: &mut Context<Self>) {
        let (to, at) = (notify.notice.to, self.parts.clock.now());
        let delivered = self.has_subscriber(to, Topic::Notices).then_some(at);
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

impl Handler<TellRequest> for ChatServer {
    type Result = ();

    fn handle(&mut self, TellRequest { to, by }: TellRequest, _: &mut Context<Self>) {
        let mut fanout = Fanout::default();
        let event = fanout.event(Event::Befriended { verb: FriendVerb::Request, by, to });
        fanout.push(event, (to, Viewer::Peer), None);
        self.deliver(fanout);
    }
}

impl Handler<TellDepartures> for ChatServer {
    type Result = ();

    fn handle(&mut self, tell: TellDepartures, _: &mut Context<Self>) {
        let mut fanout = Fanout::default();
        for Departure { change, told } in tell.departures {
            let event = fanout.event(Event::GroupChanged(change));
            for user in told {
                fanout.push(event, (user, Viewer::Peer), None);
            }
        }
        self.deliver(fanout);
    }
}
