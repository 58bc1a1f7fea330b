//! Messages to devices: who gets one, and what is told at once.

use super::*;

on_both! {
    fn whoever_is_named_gets_it_once(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(3);
            let other = add_app(&stage.live, "two");
            let MadeDevice::New(foreign) = stage.device_of(other, 2, 1) else { panic!("new") };
            let asked = stage.ask(multicast("hi", &[own[0], foreign.id, own[0], own[2]])).await;
            assert_eq!(code(&asked.line.unwrap()), ResultCode::Done);
            assert!(!asked.has_left_work);
            let [(devices, message)] = &asked.told[..] else { panic!("{:?}", asked.told) };
            let mut devices = devices.clone();
            devices.sort_unstable();
            assert_eq!(devices, [own[0], own[2]]);
            assert_eq!((message.data.as_str(), message.sender), ("hi", stage.app.hub_server()));
            assert_eq!(message.sent_at, stage.live.clock.now());
            assert_eq!(stage.waiting(own[0]).await, ["hi"]);
            assert_eq!(stage.waiting(own[1]).await, [""; 0]);
            assert_eq!(stage.waiting(foreign.id).await, [""; 0]);
            // Nobody of the app is named.
            for action in [
                multicast("hi", &[foreign.id]),
                multicast("hi", &[]),
                ConsoleAction::SendUnicast { text: "hi".to_owned(), device: "nobody".to_owned() },
            ] {
                let asked = stage.ask(action).await;
                assert_eq!(code(&asked.line.unwrap()), ResultCode::Argument);
                assert!(asked.told.is_empty());
            }
            let unicast = ConsoleAction::SendUnicast { text: "you".to_owned(), device: own[1].uuid().hex() };
            assert_eq!(code(&stage.line(unicast).await), ResultCode::Done);
            assert_eq!(stage.waiting(own[1]).await, ["you"]);
        });
    }

    fn a_group_and_all_are_those_of_now(db) {
        run(async {
            let stage = Stage::open(&db);
            // To nobody it is sent all the same.
            let asked = stage.ask(broadcast("early")).await;
            assert_eq!(code(&asked.line.unwrap()), ResultCode::Done);
            assert!(asked.told.is_empty() && !asked.has_left_work);
            let own = stage.devices(3);
            let empty = stage.group(&[]).await;
            assert_eq!(code(&stage.line(to_group("early", &empty)).await), ResultCode::Done);
            let group = stage.group(&own[..2]).await;
            stage.line(to_group("one", &group)).await;
            stage.line(broadcast("two")).await;
            stage.line(subtract(&group, &own[..1])).await;
            stage.line(add(&group, &own[2..])).await;
            stage.line(to_group("three", &group)).await;
            stage.line(delete(&group)).await;
            let late = stage.devices(1);
            assert_eq!(stage.waiting(own[0]).await, ["one", "two"]);
            assert_eq!(stage.waiting(own[1]).await, ["one", "two", "three"]);
            assert_eq!(stage.waiting(own[2]).await, ["two", "three"]);
            assert_eq!(stage.waiting(late[0]).await, [""; 0]);
        });
    }

    fn a_user_has_a_device_once_and_so_many(db) {
        run(async {
            let stage = Stage::open(&db);
            let MadeDevice::New(first) = stage.device_of(stage.app, 2, 1) else { panic!("new") };
            assert_eq!(stage.device_of(stage.app, 2, 1), MadeDevice::Known(first));
            let MadeDevice::New(theirs) = stage.device_of(stage.app, 4, 1) else { panic!("new") };
            let other = add_app(&stage.live, "two");
            assert!(matches!(stage.device_of(other, 2, 1), MadeDevice::New(_)));
            let MadeDevice::New(second) = stage.device_of(stage.app, 2, 2) else { panic!("new") };
            let devices = lookups::devices_of(stage.app, id(2));
            assert_eq!(stage.live.store.read(devices).await.unwrap(), [first, second]);
            let make = |terminal: u8, os| {
                let (mint, now) = (Arc::clone(&stage.live.mint), stage.live.clock.now());
                let make = writes::make_device((stage.app, id(4)), ([terminal; 32], os), (mint, now), 2);
                stage.live.store.run(make)
            };
            assert!(matches!(make(3, OsType::Ios).await.unwrap(), MadeDevice::New(_)));
            assert_eq!(make(4, OsType::Ios).await.unwrap(), MadeDevice::TooMany);
            assert!(matches!(make(3, OsType::Mac).await.unwrap(), MadeDevice::Known(_)));
            stage.live.clock.step(5);
            let now = stage.live.clock.now();
            stage.live.store.run(writes::touch_device(theirs.id, now)).await.unwrap();
            stage.live.store.run(writes::set_device_os(theirs.id, OsType::Windows)).await.unwrap();
            let found = stage.live.store.read(lookups::device(theirs.id)).await.unwrap();
            assert_eq!(found.map(|(device, seen)| (device.os, seen)), Some((OsType::Windows, now)));
        });
    }
}
