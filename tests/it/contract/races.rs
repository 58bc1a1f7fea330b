//! What the contract says of two things at the same moment; transcripts know one order only.

use futures_util::future::join;
use serde_json::json;

use crate::harness::{Backend, Server};

#[actix_web::test]
async fn crossing_requests_leave_exactly_one_pending() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        for n in 0..15 {
            let names = [format!("a{n}"), format!("b{n}")];
            let users = [server.user(&names[0]).await, server.user(&names[1]).await];
            let (mut a, mut b) = (server.login(&users[0]).await, server.login(&users[1]).await);
            let ask = |name: &str| json!({"type": "mutual_users", "payload": {"type": "request", "name": name}});
            join(a.send(&ask(&names[1])), b.send(&ask(&names[0]))).await;
            // Each gets its answer; who came second also the push of the first.
            let (seen_by_a, seen_by_b) = join(a.drain(), b.drain()).await;
            let has = |frames: &[serde_json::Value], kind: &str| {
                frames.iter().filter(|frame| frame["type"] == kind).count()
            };
            let [first, second] = if has(&seen_by_a, "ok") == 1 {
                [seen_by_a, seen_by_b]
            } else {
                [seen_by_b, seen_by_a]
            };
            assert_eq!((first.len(), has(&first, "ok")), (1, 1), "{first:?} {second:?}");
            assert_eq!((has(&second, "error"), has(&second, "mutual_users")), (1, 1), "{second:?}");
            assert_eq!(second.len(), 2, "{second:?}");
            join(a.close(), b.close()).await;
        }
        server.stop().await;
    }
}
