//! Who may say what about whose things: every frame of customer chat, consoles and devices, by everybody. What is
//! refused is refused in the same words whether the thing is there or not, and nobody else hears of it.

use std::collections::{BTreeSet, HashSet};

use tradewind::domain::chat::event::Notice;
use tradewind::domain::id::{DeviceId, DownstreamId, UserId};
use tradewind::domain::uuid::Uuid;
use tradewind::store::apps::lookups;

use super::frames_stage::{Actor, Side, actors, stage};
use super::frames_table::{FrameRow, Place, ROWS};
use super::names;
use super::world::{NOTHING, World};
use crate::harness::{Backend, Client};

/// What placeholders of frames stand for, but those of the sender.
pub struct Things(pub Vec<(&'static str, String)>);

impl Things {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(placeholder, _)| *placeholder == name);
        found.map(|(_, value)| value.as_str()).expect("a thing")
    }

    /// A frame of somebody. `is_there` says whether things are named, or what is nowhere.
    fn fill(&self, row: &FrameRow, actor: &Actor, is_there: bool) -> String {
        let role = if actor.is_agent { "true" } else { "false" };
        let frame = row.frame.replace(r#""{my role}""#, role);
        let frame = frame.replace("{my name}", actor.name);
        let frame = frame.replace("{new}", &format!("a-message-{is_there}-of-{}", actor.name));
        let own = actor.own.iter().fold(frame, |text, (name, value)| text.replace(name, value));
        self.0.iter().fold(own, |text, (name, value)| {
            text.replace(name, if is_there { value } else { NOTHING })
        })
    }

    /// What was said, without the names that were shown, and those that are made anew each time.
    fn without_names(&self, said: &[String]) -> Vec<String> {
        let bare = |text: &String| {
            let named = |text: String, (_, value): &(_, String)| text.replace(value, "IT");
            let named = self.0.iter().fold(text.replace(NOTHING, "IT"), named);
            let named = named.replace("a-message-true", "IT").replace("a-message-false", "IT");
            // Ids and moments.
            let words = named.split_inclusive(|c: char| !c.is_ascii_hexdigit());
            let words = words.map(|word| if word.len() > 13 { "MADE" } else { word });
            words.collect::<String>()
        };
        said.iter().map(bare).collect()
    }
}

/// The code of what was said; see [`FrameRow`].
fn outcome(place: Place, said: &[String]) -> String {
    let Some(first) = said.first() else { return "-".to_owned() };
    if place == Place::Console {
        let code = first.split(' ').nth(1).expect("a code");
        let has_failed = first.contains("['");
        return if has_failed { format!("{code} failed") } else { code.to_owned() };
    }
    let frame: serde_json::Value = serde_json::from_str(first).expect("JSON");
    let code = frame["code"].as_i64().or_else(|| frame["body"]["resultCode"].as_i64());
    code.unwrap_or_else(|| panic!("{frame}")).to_string()
}

/// Says something at a new socket; what is answered, with how it ends if it does.
async fn knock(world: &World, place: Place, frame: String) -> Vec<String> {
    let path = if place == Place::ChatDoor { "/pcsocket/WS" } else { "/device/ws" };
    let mut client = Client::open(world.shop.server.address, path).await;
    client.text(frame).await;
    let mut said = vec![client.recv().await.to_string()];
    if !["0", "1"].contains(&outcome(place, &said).as_str()) {
        said.push(format!("{:?}", client.closed().await));
    }
    client.end().await;
    said
}

/// Waits until all has been told that was committed.
async fn settled(world: &World) {
    let nobody = UserId::new(2).expect("an id");
    let notice = Notice { to: nobody.into(), text: String::new(), game: None };
    let told = world.shop.server.running().service.chat.notify(notice).await;
    assert_eq!(told.expect("the hub answers"), None);
}

/// Whether the message waits for the device.
async fn is_waiting(world: &World, things: &Things) -> bool {
    let uuid = |name: &str| Uuid::parse(things.get(name)).expect("a UUID");
    let device = DeviceId::of_uuid(uuid("{box}")).expect("a device");
    let message = DownstreamId::of_uuid(uuid("{message}")).expect("a message");
    let running = world.shop.server.running();
    let waiting = lookups::waiting(device, HashSet::new(), world.shop.server.now());
    let batch = running.store.read(waiting).await.expect("the store answers");
    batch.messages.iter().any(|waiting| waiting.id == message)
}

#[actix_web::test]
async fn what_is_of_one_is_no_others_to_name() {
    let ruled = |places: &[Place]| -> BTreeSet<String> {
        let rows = ROWS.iter().filter(|row| places.contains(&row.at));
        rows.map(|row| row.name.to_owned()).collect()
    };
    assert_eq!(names::chat_frames(), ruled(&[Place::Chat, Place::ChatDoor]));
    assert_eq!(names::console_actions(), ruled(&[Place::Console]));
    assert_eq!(names::device_actions(), ruled(&[Place::Device, Place::DeviceDoor]));

    let world = World::open(Backend::Sqlite, |_| {}).await;
    let (things, cast, mut standing) = stage(&world).await;
    let mut entries = Vec::new();
    for row in ROWS {
        let senders = actors(&cast, row.at);
        assert_eq!(senders.len(), row.outcomes.len(), "{}", row.frame);
        let owners = row.outcomes.last().expect("an owner's");
        for (actor, expected) in senders.into_iter().zip(row.outcomes) {
            if row.at.is_door() && expected == owners {
                entries.push((row, actor));
                continue;
            }
            if row.name == "ackMsgs" && actor.side == Side::Owner {
                assert!(is_waiting(&world, &things).await, "others have not acknowledged it");
            }
            let mut said = Vec::new();
            for is_there in [true, false] {
                let frame = things.fill(row, actor, is_there);
                said.push(match row.at.is_door() {
                    true => knock(&world, row.at, frame).await,
                    false => standing.ask(row.at, actor.name, &frame).await,
                });
                // Who is in it may see it.
                if expected == owners || actor.side == Side::Friend {
                    break;
                }
            }
            let found = outcome(row.at, &said[0]);
            assert_eq!(found, *expected, "{} by {}: {said:?}", row.frame, actor.name);
            let said: Vec<_> = said.iter().map(|said| things.without_names(said)).collect();
            assert_eq!(said[0], said[said.len() - 1], "{} by {}", row.frame, actor.name);
            settled(&world).await;
            standing.expect_unheard((row, actor)).await;
        }
    }
    assert!(!is_waiting(&world, &things).await, "its own device has");
    standing.close().await;
    // Whoever is let in puts out who was there before.
    for (row, actor) in entries {
        let said = knock(&world, row.at, things.fill(row, actor, true)).await;
        assert!(["0", "1"].contains(&outcome(row.at, &said).as_str()), "{} {said:?}", row.frame);
    }
    others_change_nothing(&world).await;
    world.shop.close().await;
}

/// What others have tried has changed nothing.
async fn others_change_nothing(world: &World) {
    let page = serde_json::json!({"conversation_uuid": world.room});
    let page = world.shop.do_call(&world.vic.token, "PP_PAGE_HISTORY_MESSAGE", page).await;
    let from = |who: &str| {
        let list = page["list"].as_array().expect("a list");
        list.iter().filter(|message| message["from_uuid"] == who).count()
    };
    // One each from before, and what they have sent themselves.
    let counts = [from(&world.vic.user), from(&world.ann.user)];
    assert_eq!((counts, page["total_count"].as_i64()), ([2, 2], Some(4)), "{page}");
}
