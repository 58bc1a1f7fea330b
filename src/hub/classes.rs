//! Which users of apps are there, and at what: a class of devices at a time. Agents are told of all users of
//! their app, visitors of its agents.
//!
//! As with `statuses`, changes are gathered and told once a sweep, and who is back within the grace time has
//! not been away.

use std::time::Duration;

use actix::{ActorFutureExt as _, AsyncContext as _, Context, WrapFuture as _};
use foldhash::{HashMap, HashSet};

use super::ChatServer;
use crate::delivery::Fanout;
use crate::domain::apps::app::Level;
use crate::domain::apps::customer_request::Visit;
use crate::domain::apps::device::DeviceClass;
use crate::domain::apps::event::AppsEvent;
use crate::domain::apps::presence::ClassChange;
use crate::domain::event::{Topic, Viewer};
use crate::domain::id::{AppId, DeviceId, SessionId, UserId};
use crate::domain::principal::{Mailbox, Principal};
use crate::store::apps::message_lookups::latest_visit;

/// A user of an app, at devices of a class.
type Whereabouts = (AppId, UserId, DeviceClass);

/// The live sockets of apps' users.
#[derive(Default)]
pub struct Classes {
    seats: HashMap<SessionId, AppSeat>,
    apps: HashMap<AppId, HashSet<SessionId>>,
    here: HashMap<Whereabouts, ClassPresence>,
    /// Who has come, and of whom it has not been told.
    came: HashSet<Whereabouts>,
    /// Who has gone, and may be back until then.
    left: HashMap<Whereabouts, Duration>,
}

/// A socket of an app's user.
#[derive(Clone, Copy)]
struct AppSeat {
    place: Whereabouts,
    device: DeviceId,
    is_agent: bool,
    /// Whether it can be told.
    listens: bool,
}

#[derive(Default)]
struct ClassPresence {
    sockets: usize,
    is_agent: bool,
    /// Whether those who watch believe that the user is there.
    told: bool,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turned {
    place: Whereabouts,
    is_agent: bool,
    is_online: bool,
}

impl Classes {
    fn join(&mut self, session: SessionId, seat: AppSeat) {
        if self.seats.insert(session, seat).is_some() {
            return;
        }
        self.apps.entry(seat.place.0).or_default().insert(session);
        let here = self.here.entry(seat.place).or_default();
        here.sockets = here.sockets.saturating_add(1);
        here.is_agent = seat.is_agent;
        self.left.remove(&seat.place);
        if !here.told {
            self.came.insert(seat.place);
        }
    }

    fn leave(&mut self, session: SessionId, back_until: Duration) {
        let Some(seat) = self.seats.remove(&session) else { return };
        if let Some(sessions) = self.apps.get_mut(&seat.place.0) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.apps.remove(&seat.place.0);
            }
        }
        let Some(here) = self.here.get_mut(&seat.place) else { return };
        here.sockets = here.sockets.saturating_sub(1);
        if here.sockets > 0 {
        } else if here.told {
            self.left.insert(seat.place, back_until);
        } else {
            self.here.remove(&seat.place);
            self.came.remove(&seat.place);
        }
    }

    /// What has changed for those who watch, as it is now.
    fn turned(&mut self, now: Duration) -> Vec<Turned> {
        let mut turned = Vec::new();
        for place in self.came.drain() {
            if let Some(here) = self.here.get_mut(&place) {
                here.told = true;
                turned.push(Turned { place, is_agent: here.is_agent, is_online: true });
            }
        }
        if !self.left.is_empty() {
            let gone: Vec<Whereabouts> =
                self.left.extract_if(|_, until| *until <= now).map(|(place, _)| place).collect();
            for place in gone {
                if let Some(here) = self.here.remove(&place) {
                    turned.push(Turned { place, is_agent: here.is_agent, is_online: false });
                }
            }
        }
        turned
    }

    /// The sockets that are told of a user, with their devices.
    fn listeners(&self, of: Turned) -> impl Iterator<Item = (SessionId, DeviceId)> {
        let (app, user, _) = of.place;
        let sessions = self.apps.get(&app).into_iter().flatten();
        let seats = sessions.filter_map(move |session| Some((*session, self.seats.get(session)?)));
        let hears = move |seat: &AppSeat| {
            seat.listens && seat.place.1 != user && (of.is_agent || seat.is_agent)
        };
        seats.filter(move |(_, seat)| hears(seat)).map(|(session, seat)| (session, seat.device))
    }

    /// Whether no socket of an app's user is there.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether a user has a socket at a device of a class: who may be back has none.
    pub fn is_there(&self, place: Whereabouts) -> bool {
        self.here.get(&place).is_some_and(|here| here.sockets > 0)
    }
}

impl ChatServer {
    /// A socket is there from now on.
    pub(super) fn join_class(&mut self, session: SessionId) {
        let Some(entry) = self.sessions.get(session) else { return };
        let Some(identity) = &entry.identity else { return };
        let (Some(token), Principal::Device { device, owner, class }) =
            (identity.app_token(), identity.principal)
        else {
            return;
        };
        let listens = self.subscribes(entry.handle.variant, Topic::Conversations);
        let is_agent = token.level == Level::Ppkefu;
        let place = (token.app, owner, class);
        self.classes.join(session, AppSeat { place, device, is_agent, listens });
    }

    /// A socket has gone.
    pub(super) fn leave_class(&mut self, session: SessionId) {
        if !self.classes.seats.is_empty() {
            let grace = self.settings.presence.offline_grace();
            self.classes.leave(session, self.parts.clock.steady().saturating_add(grace));
        }
    }

    /// Tells those who watch what has changed since the last time.
    pub(super) fn tell_classes(&mut self, now: Duration, ctx: &mut Context<Self>) {
        if self.drain.is_some() || self.classes.here.is_empty() {
            return;
        }
        for turned in self.classes.turned(now) {
            let (app, user, _) = turned.place;
            if turned.is_agent || !turned.is_online {
                self.tell_class(turned, None);
            } else if self.classes.listeners(turned).next().is_some() {
                // Agents see where a visitor comes from.
                let store = self.parts.store.clone();
                let visit = async move { store.read(latest_visit(app, user)).await };
                ctx.spawn(visit.into_actor(self).map(move |visit, hub, _| {
                    let visit = visit.unwrap_or_else(|error| {
                        log::warn!("where a visitor comes from is not known: {error}");
                        None
                    });
                    hub.tell_class(turned, visit);
                }));
            }
        }
    }

    fn tell_class(&mut self, turned: Turned, visit: Option<Visit>) {
        let (_, user, class) = turned.place;
        let (at, is_online) = (self.parts.clock.now(), turned.is_online);
        let mut fanout = Fanout::default();
        for (session, listener) in self.classes.listeners(turned) {
            let visit = visit.clone();
            let change = ClassChange { user, class, is_online, at, listener, visit };
            let event = fanout.event(AppsEvent::ClassChanged(Box::new(change)));
            fanout.push_to(event, (Mailbox::Device(listener), Viewer::Peer), session);
        }
        self.deliver(fanout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn seat(user: i64, class: DeviceClass, is_agent: bool) -> AppSeat {
        let (app, device) = (AppId::new(1).unwrap(), DeviceId::new(user).unwrap());
        let place = (app, UserId::new(user).unwrap(), class);
        AppSeat { place, device, is_agent, listens: true }
    }

    fn told(classes: &mut Classes, now: Duration) -> Vec<(i64, bool, usize)> {
        let turned = classes.turned(now);
        let one = |one: Turned| (one.place.1.get(), one.is_online, classes.listeners(one).count());
        turned.into_iter().map(one).collect()
    }

    #[test]
    fn visitors_hear_of_agents_and_agents_of_all() {
        let mut classes = Classes::default();
        classes.join(SessionId(1), seat(2, DeviceClass::Browser, false));
        assert_eq!(told(&mut classes, SECOND), [(2, true, 0)]);
        classes.join(SessionId(2), seat(4, DeviceClass::Browser, true));
        assert_eq!(told(&mut classes, SECOND), [(4, true, 1)]);
        classes.join(SessionId(3), seat(6, DeviceClass::Browser, false));
        assert_eq!(told(&mut classes, SECOND), [(6, true, 1)], "the agent alone");
        classes.join(SessionId(4), seat(2, DeviceClass::Mobile, false));
        assert_eq!(told(&mut classes, SECOND), [(2, true, 1)], "another class");
        classes.join(SessionId(5), seat(2, DeviceClass::Browser, false));
        assert_eq!(told(&mut classes, SECOND), [], "one more socket");
    }

    #[test]
    fn who_is_back_soon_was_not_away() {
        let mut classes = Classes::default();
        classes.join(SessionId(1), seat(2, DeviceClass::Browser, false));
        classes.join(SessionId(2), seat(4, DeviceClass::Browser, true));
        told(&mut classes, SECOND);
        let agent = seat(4, DeviceClass::Browser, true).place;
        assert!(classes.is_there(agent));
        classes.leave(SessionId(2), SECOND * 6);
        assert!(!classes.is_there(agent), "as good as away for who asks");
        assert_eq!(told(&mut classes, SECOND * 5), []);
        classes.join(SessionId(3), seat(4, DeviceClass::Browser, true));
        assert_eq!(told(&mut classes, SECOND * 10), []);
        classes.leave(SessionId(3), SECOND * 15);
        assert_eq!(told(&mut classes, SECOND * 15), [(4, false, 1)]);
        classes.join(SessionId(4), seat(4, DeviceClass::Mobile, true));
        classes.leave(SessionId(4), SECOND * 20);
        assert_eq!(told(&mut classes, SECOND * 30), [], "nobody had heard of it");
        classes.leave(SessionId(1), SECOND * 35);
        assert_eq!(told(&mut classes, SECOND * 35), [(2, false, 0)]);
        assert!(classes.here.is_empty() && classes.apps.is_empty() && classes.seats.is_empty());
    }
}
