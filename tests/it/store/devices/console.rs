//! What operators are told: names of requests, faults, and registrations.

use super::*;

on_both! {
    fn the_name_of_a_request_grows_whatever_the_clock(db) {
        run(async {
            let stage = Stage::open(&db);
            let now = stage.live.clock.now().millis();
            let (_, first) = ended(&stage.line(broadcast("hi")).await);
            assert_eq!(first, Some(now));
            // At the same moment; also if it is no good.
            let (code, second) = ended(&stage.line(delete("no-group")).await);
            assert_eq!((code, second), (ResultCode::Argument, Some(now + 1)));
            stage.live.clock.step(-10_000_000);
            assert_eq!(ended(&stage.line(broadcast("hi")).await).1, Some(now + 2));
            stage.live.clock.step(20_000_000);
            assert_eq!(ended(&stage.line(broadcast("hi")).await).1, Some(now + 10_000));
            // Each app has its own.
            let other = add_app(&stage.live, "two");
            stage.live.clock.step(-10_000_000);
            let asked = stage.ask_with(other, broadcast("hi"), None).await;
            assert_eq!(ended(&asked.line.unwrap()).1, Some(now));
        });
    }

    fn a_bad_request_is_told_to_all_and_one_too_many_to_the_asker(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            let action = || ConsoleAction::CreateGroup {
                name: Some("g".to_owned()), description: None, devices: texts(&own),
            };
            let asked = stage.ask_with(stage.app, action(), Some(ConsoleFault::Argument)).await;
            let Some(ConsoleLine::GroupCreated { code, group, name, size, .. }) = asked.line else { panic!() };
            assert_eq!((code, group, size), (ResultCode::Argument, None, 0));
            assert_eq!(name.as_deref(), Some("g"), "what was good is shown");
            let asked = stage.ask_with(stage.app, multicast("hi", &own), Some(ConsoleFault::Rate)).await;
            assert!(asked.line.is_none() && asked.told.is_empty());
            let AppsAnswer::Line(line) = asked.answer else { panic!() };
            assert_eq!(super::code(&line), ResultCode::Unknown);
            assert_eq!(stage.waiting(own[0]).await, [""; 0]);
        });
    }

    fn servers_register_by_name(db) {
        run(async {
            let stage = Stage::open(&db);
            let register = async |app: AppId, service: &str, name: &str| {
                let action = ConsoleAction::Register {
                    service: service.to_owned(), name: name.to_owned(),
                };
                match stage.ask_with(app, action, None).await.line {
                    Some(ConsoleLine::Registered { code, server }) => (code, server),
                    other => panic!("{other:?}"),
                }
            };
            let uuid = stage.app.uuid().to_string();
            let (code, first) = register(stage.app, &uuid, "s0").await;
            assert_eq!((code, first.is_some()), (ResultCode::Done, true));
            assert_eq!(register(stage.app, "the id", "s0").await, (ResultCode::NameKnown, first));
            let hub = Some(stage.app.hub_server());
            assert_eq!(register(stage.app, &uuid, "tradewind-console").await, (ResultCode::NameKnown, hub));
            let other = add_app(&stage.live, "two");
            assert_eq!(register(other, "the id", "s0").await, (ResultCode::Argument, None));
            assert_eq!(register(other, &uuid, "s0").await, (ResultCode::Argument, None));
            for number in 1..10 {
                let (code, _) = register(stage.app, &uuid, &format!("s{number}")).await;
                assert_eq!(code, ResultCode::Done);
            }
            assert_eq!(register(stage.app, &uuid, "s10").await, (ResultCode::Unknown, None));
            assert_eq!(register(stage.app, &uuid, "s9").await.0, ResultCode::NameKnown);
            let (code, own) = register(other, &other.uuid().hex(), "s0").await;
            assert!(code == ResultCode::Done && own != first);
        });
    }
}
