//! Groups of devices: who is in one, and what is said of it.

use tradewind::domain::apps::console::{CommandId, DeviceGroupChange};
use tradewind::store::apps::groups;

use super::*;

/// How a group stands, as the line says it: in all, changed, and those for which nothing was done.
fn change(line: ConsoleLine) -> (i64, i64, Vec<String>) {
    match line {
        ConsoleLine::DevicesAdded(change) | ConsoleLine::DevicesSubtracted(change) => {
            assert_eq!(change.code, ResultCode::Done);
            assert_eq!(change.group.as_ref().map(String::len), Some(32));
            (change.total, change.changed, change.failed)
        }
        other => panic!("{other:?}"),
    }
}

on_both! {
    fn a_group_is_made_of_the_devices_that_are_the_apps(db) {
        run(async {
            let stage = Stage::open(&db);
            let other = add_app(&stage.live, "two");
            let MadeDevice::New(foreign) = stage.device_of(other, 2, 1) else { panic!("new") };
            let own = stage.devices(3);
            let dashed = own[0].uuid().to_string().to_uppercase();
            let devices = vec![
                "nobody".to_owned(),
                dashed,
                own[0].uuid().hex(),
                foreign.id.uuid().hex(),
                own[1].uuid().hex(),
                "nobody".to_owned(),
                own[2].uuid().to_string(),
            ];
            let name = Some("g".to_owned());
            let action = ConsoleAction::CreateGroup { name, description: None, devices };
            let ConsoleLine::GroupCreated { code, group, name, size, description, failed, request } =
                stage.line(action).await else { panic!() };
            assert_eq!((code, name.as_deref(), size), (ResultCode::Done, Some("g"), 3));
            assert_eq!(failed, ["nobody".to_owned(), foreign.id.uuid().hex()]);
            assert_eq!((description, request.command), (None, CommandId::CreateGroup));
            let group = group.unwrap();
            assert!(group.len() == 32 && !group.contains('-'), "{group}");
            // Whatever the spelling; and all may fail.
            let spelled = tradewind::domain::uuid::Uuid::parse(&group).unwrap().to_string();
            let line = stage.line(subtract(&spelled.to_uppercase(), &own[..1])).await;
            assert_eq!(change(line), (2, 1, vec![]));
            let line = stage.line(create("g", Some(""), &[foreign.id])).await;
            let ConsoleLine::GroupCreated { code, size, description, .. } = line else { panic!() };
            assert_eq!((code, size, description.as_deref()), (ResultCode::Done, 0, Some("")));
        });
    }

    fn members_are_counted_once(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(4);
            let group = stage.group(&own[..2]).await;
            let line = stage.line(add(&group, &[own[1], own[2], own[2], own[3]])).await;
            assert_eq!(change(line), (4, 2, vec![own[1].uuid().hex()]));
            let line = stage.line(subtract(&group, &[own[0], own[0], own[3]])).await;
            assert_eq!(change(line), (2, 2, vec![]));
            let line = stage.line(subtract(&group, &own)).await;
            assert_eq!(change(line), (0, 2, vec![own[0].uuid().hex(), own[3].uuid().hex()]));
            // Whoever was in it before may come back.
            assert_eq!(change(stage.line(add(&group, &own)).await), (4, 4, vec![]));
            assert_eq!(change(stage.line(add(&group, &[])).await), (4, 0, vec![]));
            assert_eq!(change(stage.line(subtract(&group, &[])).await), (4, 0, vec![]));
        });
    }

    fn a_group_of_nobody_is_a_bad_argument(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            let group = stage.group(&own).await;
            let other = add_app(&stage.live, "two");
            for action in [
                add(&group, &own), subtract(&group, &own), delete(&group), to_group("hi", &group),
            ] {
                let asked = stage.ask_with(other, action, None).await;
                assert_eq!(code(&asked.line.unwrap()), ResultCode::Argument, "another app's");
            }
            let unknown = "0".repeat(32);
            for text in ["no-group", unknown.as_str()] {
                let ConsoleLine::DevicesAdded(line) = stage.line(add(text, &own)).await else { panic!() };
                let DeviceGroupChange { code, group, total, changed, failed, .. } = line;
                assert_eq!((code, group.as_deref()), (ResultCode::Argument, Some(text)));
                assert_eq!((total, changed, failed), (0, 0, vec![]));
                assert_eq!(code_of(&stage, delete(text)).await, ResultCode::Argument);
                assert_eq!(code_of(&stage, to_group("hi", text)).await, ResultCode::Argument);
            }
            assert_eq!(code_of(&stage, delete(&group)).await, ResultCode::Done);
            assert_eq!(code_of(&stage, delete(&group)).await, ResultCode::Argument);
            assert_eq!(code_of(&stage, add(&group, &own)).await, ResultCode::Argument);
        });
    }

    fn lists_and_groups_have_their_bounds(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(3);
            let most = vec![own[0]; 2_000];
            let more = vec![own[0]; 2_001];
            let group = stage.group(&most).await;
            for action in [
                create("g", None, &more), add(&group, &more), subtract(&group, &more), multicast("hi", &more),
            ] {
                assert_eq!(code_of(&stage, action).await, ResultCode::Argument);
            }
            assert_eq!(code_of(&stage, multicast("hi", &most)).await, ResultCode::Done);
            // A million devices.
            let fill = "UPDATE device_groups SET size = 999999";
            stage.live.database.write(|conn| Ok(conn.batch_execute(fill)?)).unwrap();
            assert_eq!(code_of(&stage, add(&group, &own)).await, ResultCode::Unknown);
            assert_eq!(change(stage.line(add(&group, &own[..2])).await), (1_000_000, 1, texts(&own[..1])));
            assert_eq!(code_of(&stage, add(&group, &own[2..])).await, ResultCode::Unknown);
            // So many groups.
            for _ in 0..2 {
                stage.group(&[]).await;
            }
            assert_eq!(code_of(&stage, create("g", None, &[])).await, ResultCode::Unknown);
            assert_eq!(code_of(&stage, delete(&group)).await, ResultCode::Done);
            assert_eq!(code_of(&stage, create("g", None, &[])).await, ResultCode::Done);
            assert_eq!(stage.live.database.read(|conn| groups::count(conn, stage.app)).unwrap(), 3);
        });
    }
}

async fn code_of(stage: &Stage, action: ConsoleAction) -> ResultCode {
    code(&stage.line(action).await)
}
