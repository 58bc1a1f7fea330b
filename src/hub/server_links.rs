//! Servers of apps that are there: what devices send is handed to them, and kept for nobody.
//!
//! A server is no session: it speaks no dialect of sockets, and asks for itself. So its link is a queue, bounded in
//! bytes, which whoever tells news looks up at once: no actor is asked, and where no server is there nothing is done.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::domain::apps::command::ServerNamed;
use crate::domain::apps::server::ServerNews;
use crate::domain::id::AppId;
use crate::domain::uuid::Uuid;

/// What a piece of news weighs beside its data, in bytes.
const NEWS_BYTES: usize = 256;

/// The links of all servers. A clone is the same table.
#[derive(Clone, Default)]
pub struct ServerLinks(Arc<Mutex<LinkTable>>);

#[derive(Default)]
struct LinkTable {
    of_apps: HashMap<AppId, Vec<OpenLink>>,
    last: u64,
}

/// A link from the side of those who tell news.
struct OpenLink {
    id: u64,
    /// The registration.
    server: Uuid,
    news: UnboundedSender<Arc<ServerNews>>,
    queued_bytes: Arc<AtomicUsize>,
    bytes_max: usize,
}

/// A server that is there, as long as this is kept.
pub struct ServerLink {
    links: ServerLinks,
    app: AppId,
    id: u64,
    news: UnboundedReceiver<Arc<ServerNews>>,
    queued_bytes: Arc<AtomicUsize>,
}

impl ServerLinks {
    /// Links a server of an app, by its registration. So many bytes of news may wait for it.
    pub fn open(&self, app: AppId, server: Uuid, bytes_max: usize) -> ServerLink {
        let (sender, news) = unbounded_channel();
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let mut table = self.table();
        table.last = table.last.wrapping_add(1);
        let id = table.last;
        let queued = Arc::clone(&queued_bytes);
        let link = OpenLink { id, server, news: sender, queued_bytes: queued, bytes_max };
        table.of_apps.entry(app).or_default().push(link);
        ServerLink { links: self.clone(), app, id, news, queued_bytes }
    }

    /// Whether a server of an app is there: one of a registration, or any.
    pub fn hear(&self, app: AppId, named: ServerNamed) -> bool {
        let table = self.table();
        let mut links = table.of_apps.get(&app).into_iter().flatten();
        links.any(|link| link.is_named(named))
    }

    /// Tells servers of an app something; whether any of them will hear it. One for which too much waits already does
    /// not; its link stays, since who is let go never comes again.
    pub fn tell(&self, app: AppId, named: ServerNamed, news: ServerNews) -> bool {
        let (table, news) = (self.table(), Arc::new(news));
        let links = table.of_apps.get(&app).into_iter().flatten();
        links.filter(|link| link.is_named(named) && link.tell(&news)).count() > 0
    }

    /// Ends the links of a registration.
    pub fn end(&self, app: AppId, server: Uuid) {
        self.keep(app, |link| link.server != server);
    }

    /// Ends all links of an app.
    pub fn end_all(&self, app: AppId) {
        self.table().of_apps.remove(&app);
    }

    /// Keeps those links of an app of which that holds.
    fn keep(&self, app: AppId, holds: impl FnMut(&OpenLink) -> bool) {
        let mut table = self.table();
        let Some(links) = table.of_apps.get_mut(&app) else { return };
        links.retain(holds);
        if links.is_empty() {
            table.of_apps.remove(&app);
        }
    }

    fn table(&self) -> MutexGuard<'_, LinkTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenLink {
    fn is_named(&self, named: ServerNamed) -> bool {
        match named {
            ServerNamed::Any => true,
            ServerNamed::By(server) => server == self.server,
            ServerNamed::Wrong => false,
        }
    }

    /// Whether there was room for it.
    fn tell(&self, news: &Arc<ServerNews>) -> bool {
        let bytes = weight(news);
        let queued = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = queued.saturating_add(bytes) <= self.bytes_max;
        if !fits {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits && self.news.send(Arc::clone(news)).is_ok()
    }
}

impl ServerLink {
    /// The next news; `None` once the link has ended and all before is taken.
    pub async fn next(&mut self) -> Option<Arc<ServerNews>> {
        let news = self.news.recv().await;
        news.inspect(|news| self.took(news))
    }

    /// The next news, if there are any by now.
    pub fn next_now(&mut self) -> Option<Arc<ServerNews>> {
        let news = self.news.try_recv().ok();
        news.inspect(|news| self.took(news))
    }

    fn took(&self, news: &ServerNews) {
        self.queued_bytes.fetch_sub(weight(news), Ordering::Relaxed);
    }
}

impl Drop for ServerLink {
    fn drop(&mut self) {
        self.links.keep(self.app, |link| link.id != self.id);
    }
}

fn weight(news: &ServerNews) -> usize {
    news.data.len().saturating_add(NEWS_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::apps::console::{CommandId, RequestId};
    use crate::domain::clock::Timestamp;
    use crate::domain::id::{AppServerId, DeviceId};

    fn app(id: i64) -> AppId {
        AppId::new(id).unwrap()
    }

    fn server(id: i64) -> Uuid {
        AppServerId::new(id).unwrap().uuid()
    }

    fn news(data: &str) -> ServerNews {
        let request = RequestId { command: CommandId::Upstream, ms: 1 };
        let (device, at) = (DeviceId::new(2).unwrap(), Timestamp::from_micros(1));
        ServerNews { device, at, data: data.to_owned(), request }
    }

    fn heard(link: &mut ServerLink) -> Vec<String> {
        std::iter::from_fn(|| link.next_now().map(|news| news.data.clone())).collect()
    }

    #[test]
    fn news_come_to_those_that_are_named() {
        let links = ServerLinks::default();
        assert!(!links.hear(app(2), ServerNamed::Any));
        let mut one = links.open(app(2), server(4), 1_000);
        let mut twin = links.open(app(2), server(4), 1_000);
        let mut two = links.open(app(2), server(6), 1_000);
        let mut other = links.open(app(4), server(8), 1_000);
        for (named, hears) in [
            (ServerNamed::Any, true),
            (ServerNamed::By(server(4)), true),
            (ServerNamed::By(server(8)), false),
            (ServerNamed::Wrong, false),
        ] {
            assert_eq!(links.hear(app(2), named), hears, "{named:?}");
        }
        links.tell(app(2), ServerNamed::Any, news("all"));
        links.tell(app(2), ServerNamed::By(server(4)), news("one"));
        assert_eq!(
            (heard(&mut one), heard(&mut two)),
            (vec!["all".into(), "one".into()], vec!["all".into()])
        );
        assert_eq!((heard(&mut twin).len(), heard(&mut other).len()), (2, 0));
        drop((one, twin));
        assert!(!links.hear(app(2), ServerNamed::By(server(4))));
        links.end(app(2), server(6));
        assert!(!links.hear(app(2), ServerNamed::Any));
        links.end_all(app(4));
        drop((two, other));
        assert!(links.table().of_apps.is_empty());
    }

    #[tokio::test]
    async fn what_is_beyond_its_bound_is_not_heard_and_the_link_stays() {
        let links = ServerLinks::default();
        let mut link = links.open(app(2), server(4), 2 * (NEWS_BYTES + 3));
        let tell = |text| links.tell(app(2), ServerNamed::Any, news(text));
        assert_eq!(["one", "two", "3", "4"].map(tell), [true, true, false, false]);
        let mut other = links.open(app(2), server(6), NEWS_BYTES + 3);
        assert!(tell("5"), "one of them hears it");
        assert_eq!(
            (heard(&mut link), heard(&mut other)),
            (vec!["one".into(), "two".into()], vec!["5".into()])
        );
        assert!(tell("6"), "what is taken makes room");
        assert_eq!(link.next().await.unwrap().data, "6");
        assert!(!links.tell(app(2), ServerNamed::By(server(8)), news("nobody")));
        links.end(app(2), server(4));
        assert_eq!(link.next().await, None);
    }
}
