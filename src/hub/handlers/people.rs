//! Questions about users, and news for them, from others than sessions.

use actix::{Context, Handler};

use crate::delivery::{Batches, Delivery, Fanout};
use crate::domain::apps::device::DeviceClass;
use crate::domain::chat::event::ChatEvent;
use crate::domain::event::{Topic, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::domain::principal::Mailbox;
use crate::hub::ChatServer;
use crate::hub::mailboxes::sessions_at;
use crate::hub::messages::{
    AskApp, AskClasses, AskConsoles, AskDevices, AskOnline, AskPresence, AskSockets, ConsolesState,
    Finish, Notify, Settle, Tell,
};
use crate::hub::sessions::Entry;
use crate::wire::Variant;

impl ChatServer {
    pub(in crate::hub) fn sessions_at(
        &self,
        mailbox: Mailbox,
    ) -> impl Iterator<Item = (SessionId, Variant)> {
        sessions_at((&self.presence, &self.mailboxes), mailbox)
    }
}

impl Handler<AskOnline> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskOnline, _: &mut Context<Self>) {
        let is_online = |mailbox: &Mailbox| match mailbox {
            Mailbox::User(user) => self.presence.is_online(*user),
            Mailbox::Device(_) | Mailbox::Console(_) => self.sessions_at(*mailbox).next().is_some(),
        };
        if ask.answer.send(ask.mailboxes.iter().any(is_online)).is_err() {
            log::debug!("nobody waited to hear whether somebody is online");
        }
    }
}

impl Handler<AskConsoles> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskConsoles, _: &mut Context<Self>) {
        let is_behind = |session| {
            self.sessions.get(session).is_some_and(|entry: &Entry| entry.handle.is_behind())
        };
        let mut state = ConsolesState::Absent;
        for (session, _) in self.sessions_at(Mailbox::Console(ask.app)) {
            if is_behind(session) {
                state = ConsolesState::Behind;
                break;
            }
            state = ConsolesState::Ready;
        }
        if ask.answer.send(state).is_err() {
            log::debug!("nobody waited to hear of the consoles of an app");
        }
    }
}

impl Handler<AskDevices> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskDevices, _: &mut Context<Self>) {
        if ask.answer.send(self.mailboxes.devices()).is_err() {
            log::debug!("nobody waited to hear which devices are there");
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

impl Handler<AskApp> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskApp, _: &mut Context<Self>) {
        let listens = |(session, variant): &(SessionId, Variant)| {
            let is_chat = self.subscribes(*variant, Topic::Conversations);
            let entry = self.sessions.get(*session).filter(|_| is_chat);
            entry?.identity.as_ref()?.app_token().map(|token| token.app)
        };
        let app = self.presence.sessions(ask.user).find_map(|at| listens(&at));
        if ask.answer.send(app).is_err() {
            log::debug!("nobody waited to hear of which app a user is");
        }
    }
}

impl Handler<AskClasses> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskClasses, _: &mut Context<Self>) {
        let at = |user: &UserId| {
            let is_at = |class| self.classes.is_there((ask.app, *user, class));
            (is_at(DeviceClass::Browser), is_at(DeviceClass::Mobile))
        };
        let classes = ask.users.iter().map(at).collect();
        if ask.answer.send(classes).is_err() {
            log::debug!("nobody waited to hear at what users are");
        }
    }
}

impl Handler<AskSockets> for ChatServer {
    type Result = ();

    fn handle(&mut self, ask: AskSockets, _: &mut Context<Self>) {
        let login = |(session, _)| {
            let claims = self.sessions.get(session).and_then(Entry::claims);
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
        let subscribes = |(_, variant)| self.subscribes(variant, Topic::Notices);
        let is_heard = match to {
            Mailbox::User(user) => self.has_subscriber(user, Topic::Notices),
            Mailbox::Device(_) | Mailbox::Console(_) => self.sessions_at(to).any(subscribes),
        };
        let delivered = is_heard.then_some(at);
        if delivered.is_some() {
            let mut fanout = Fanout::default();
            let event = fanout.event(ChatEvent::Noticed { notice: notify.notice, at });
            fanout.push(event, (to, Viewer::Peer), None);
            self.deliver(fanout);
        }
        if notify.delivered.send(delivered).is_err() {
            log::debug!("nobody waited to hear of a notice");
        }
    }
}

impl Handler<Finish> for ChatServer {
    type Result = ();

    fn handle(&mut self, finish: Finish, _: &mut Context<Self>) {
        self.hand_behind_news(finish.session, Delivery::Done(finish.request));
    }
}

impl Handler<Tell> for ChatServer {
    type Result = ();

    fn handle(&mut self, tell: Tell, _: &mut Context<Self>) {
        self.hand_behind_news(tell.session, Delivery::Told);
    }
}

impl ChatServer {
    /// Hands something to a session on the way of its news, so that it comes behind them.
    fn hand_behind_news(&mut self, session: SessionId, delivery: Delivery) {
        let mut batches = Batches::default();
        self.hand(session, delivery, &mut batches);
        batches.send();
        self.tell_transitions();
    }
}

impl Handler<Settle> for ChatServer {
    type Result = ();

    fn handle(&mut self, settle: Settle, _: &mut Context<Self>) {
        if settle.done.send(()).is_err() {
            log::debug!("nobody waited until all was told");
        }
    }
}
