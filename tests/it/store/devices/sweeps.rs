//! What is forgotten: messages that have expired, devices that nobody has seen, groups that have ended.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use tradewind::jobs::sweeps;
use tradewind::store::apps::servers::{self, RegisteredServer};

use super::*;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn rows(stage: &Stage, table: &str) -> i64 {
    let count = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
    let found = |conn: &mut _| Ok(count.get_result::<Count>(conn)?);
    stage.live.database.read(found).unwrap().count
}

const DAY: i64 = 86_400_000_000;

on_both! {
    fn nothing_is_left_of_a_message_that_has_expired(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1_500);
            stage.line(broadcast("old")).await;
            stage.live.clock.step(DAY);
            stage.line(multicast("new", &own[..1])).await;
            let swept = async || sweep(&stage.live.store, &sweeps::downstreams(), stage.live.clock.now()).await;
            assert_eq!(swept().await, 0);
            stage.live.clock.step(2 * DAY);
            assert_eq!(swept().await, 1_501);
            assert_eq!((rows(&stage, "downstreams"), rows(&stage, "deliveries")), (1, 1));
        });
    }

    fn a_device_that_nobody_has_seen_is_forgotten(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(150);
            let group = stage.group(&own).await;
            stage.line(broadcast("hi")).await;
            let timer = sweeps::devices(Duration::from_secs(90 * 86_400));
            stage.live.clock.step(90 * DAY);
            assert_eq!(sweep(&stage.live.store, &timer, stage.live.clock.now()).await, 0);
            let now = stage.live.clock.now();
            stage.live.store.run(writes::touch_device(own[7], now)).await.unwrap();
            stage.live.clock.step(1);
            assert_eq!(sweep(&stage.live.store, &timer, stage.live.clock.now()).await, 149);
            let line = stage.line(add(&group, &own)).await;
            let ConsoleLine::DevicesAdded(change) = line else { panic!("{line:?}") };
            assert_eq!((change.total, change.changed, change.failed.len()), (1, 0, 150));
            assert_eq!((rows(&stage, "devices"), rows(&stage, "deliveries")), (1, 1));
            assert_eq!(rows(&stage, "device_group_members"), 1);
        });
    }

    // However much a server has sent: to end it changes its own row alone.
    fn a_registration_goes_once_its_messages_have(db) {
        run(async {
            let stage = Stage::open(&db);
            let (live, app) = (&stage.live, stage.app);
            let register = || {
                let id = live.mint.app_server().unwrap();
                live.database.write(|conn| servers::register(conn, app, "one", id)).unwrap()
            };
            let RegisteredServer::New(server) = register() else { panic!("new") };
            stage.line(broadcast("late")).await;
            let sent: Vec<String> = (1..=2_500)
                .map(|id| format!("({id}, {app}, {server}, 1, 1, {DAY}, 'x')"))
                .collect();
            let sql = format!(
                "INSERT INTO downstreams (id, app_id, server_id, audience, sent_at, expires_at, data) \
                 VALUES {}",
                sent.join(", ")
            );
            live.database.write(|conn| Ok(conn.batch_execute(&sql)?)).unwrap();
            live.database.write(|conn| servers::end(conn, server)).unwrap();
            let of_server = format!("downstreams WHERE server_id = {server}");
            assert_eq!(rows(&stage, &of_server), 2_500, "none of them is written");
            let found = live.database.read(|conn| servers::find(conn, app, server.uuid())).unwrap();
            assert_eq!(found, None);
            let RegisteredServer::New(next) = register() else { panic!("the name is free") };
            live.database.write(|conn| servers::end(conn, next)).unwrap();
            assert!(matches!(register(), RegisteredServer::New(_)));
            let swept = async |timer| sweep(&live.store, &timer, live.clock.now()).await;
            assert_eq!(swept(sweeps::servers()).await, 1, "of which nothing is kept");
            live.clock.step(DAY);
            assert_eq!(swept(sweeps::downstreams()).await, 2_500);
            assert_eq!(swept(sweeps::servers()).await, 1);
            assert_eq!((rows(&stage, "app_servers"), rows(&stage, "downstreams")), (1, 1));
        });
    }

    fn what_groups_were_is_forgotten(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1_200);
            let (kept, gone) = (stage.group(&own[..3]).await, stage.group(&own).await);
            stage.line(subtract(&kept, &own[..2])).await;
            stage.line(delete(&gone)).await;
            let timer = sweeps::device_groups();
            // Two members of before, and a group with all of its members.
            assert_eq!(sweep(&stage.live.store, &timer, stage.live.clock.now()).await, 2 + 1_200 + 1);
            assert_eq!((rows(&stage, "device_groups"), rows(&stage, "device_group_members")), (1, 1));
            assert_eq!(sweep(&stage.live.store, &timer, stage.live.clock.now()).await, 0);
        });
    }

    fn nothing_is_left_of_the_devices_of_an_app_that_is_gone(db) {
        run(async {
            let stage = Stage::open(&db);
            let other = add_app(&stage.live, "two");
            let MadeDevice::New(foreign) = stage.device_of(other, 2, 1) else { panic!("new") };
            let own = stage.devices(3);
            stage.group(&own).await;
            stage.line(broadcast("hi")).await;
            stage.live.store.run(writes::remove_app(stage.app)).await.unwrap();
            let now = stage.live.clock.now();
            for timer in [sweeps::downstreams(), sweeps::device_groups(), sweeps::devices(KEPT)] {
                assert!(sweep(&stage.live.store, &timer, now).await > 0, "{}", timer.name);
            }
            for table in ["downstreams", "deliveries", "device_groups", "device_group_members"] {
                assert_eq!(rows(&stage, table), 0, "{table}");
            }
            assert_eq!(rows(&stage, "devices"), 1);
            assert!(stage.live.store.read(lookups::device(foreign.id)).await.unwrap().is_some());
        });
    }
}
