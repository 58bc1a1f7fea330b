//! Those who say something, each with a socket that stays open, and what they have.

use serde_json::{Value, json};

use super::frames::Things;
use super::frames_table::{FrameRow, Place};
use super::world::World;
use crate::harness::Client;
use crate::harness::apps::Operator;

/// How somebody stands to the things that frames name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Owner,
    /// An agent whom the visitor talks with.
    Friend,
    /// Of the same app.
    Neighbour,
    /// Of the other app.
    Stranger,
}

/// Somebody who says something.
pub struct Actor {
    pub name: &'static str,
    pub at: Place,
    pub side: Side,
    pub is_agent: bool,
    /// What placeholders of the sender's own stand for.
    pub own: Vec<(&'static str, String)>,
}

/// Open sockets, by the names of those who have them.
pub struct Standing {
    chats: Vec<(&'static str, Side, Client)>,
    consoles: Vec<(&'static str, Side, Operator)>,
    devices: Vec<(&'static str, Side, Client)>,
}

/// Who says something at a place, in the order of the table.
pub fn actors(cast: &[Actor], at: Place) -> Vec<&Actor> {
    let at = match at {
        Place::ChatDoor => Place::Chat,
        Place::DeviceDoor => Place::Device,
        Place::Chat | Place::Console | Place::Device => at,
    };
    cast.iter().filter(|actor| actor.at == at).collect()
}

fn person(
    (name, side): (&'static str, Side),
    (app, token, user, device): (&str, &str, &str, &str),
    is_agent: bool,
) -> Actor {
    let own =
        [("{my token}", token), ("{my app}", app), ("{my user}", user), ("{my device}", device)];
    let own = own.map(|(name, value)| (name, value.to_owned())).into();
    Actor { name, at: Place::Chat, side, is_agent, own }
}

/// Another device of somebody.
async fn box_of(world: &World, app: &str, (token, user): (&str, &str)) -> String {
    let asked =
        json!({"app_uuid": app, "user_uuid": user, "device_ostype": "LIN", "device_id": "box"});
    let made = world.shop.do_call(token, "PP_CREATE_DEVICE", asked).await;
    made["device_uuid"].as_str().expect("a device").to_owned()
}

/// All who say something, with their sockets, and the things that are said something about.
pub async fn stage(world: &World) -> (Things, Vec<Actor>, Standing) {
    let World { shop, vic, wim, ann, cyd, bea, .. } = world;
    let [app, bank] = world.apps();
    let boxes = [
        box_of(world, &app, (&vic.token, &vic.user)).await,
        box_of(world, &app, (&wim.token, &wim.user)).await,
        box_of(world, &bank, (&cyd.token, &cyd.user)).await,
    ];
    let mut cast = vec![
        person(("wim", Side::Neighbour), (&app, &wim.token, &wim.user, &wim.device), false),
        person(("cyd", Side::Stranger), (&bank, &cyd.token, &cyd.user, &cyd.device), false),
        person(("bea", Side::Stranger), (&bank, &bea.token, &bea.user, &bea.device), true),
        person(("ann", Side::Friend), (&app, &ann.token, &ann.user, &ann.device), true),
        person(("vic", Side::Owner), (&app, &vic.token, &vic.user, &vic.device), false),
    ];
    let mut standing = Standing::open(world, &cast, &boxes).await;
    let group = standing.group("operator", &boxes[1]).await;
    let own_groups = [
        standing.group("another operator", &boxes[2]).await,
        standing.group("operator", &boxes[0]).await,
    ];
    let operators = [("another operator", Side::Stranger, 2), ("operator", Side::Owner, 0)];
    for ((name, side, own_box), own_group) in operators.into_iter().zip(own_groups) {
        let own = vec![("{my box}", boxes[own_box].clone()), ("{my group}", own_group)];
        cast.push(Actor { name, at: Place::Console, side, is_agent: false, own });
    }
    for (name, side, token) in [
        ("wim", Side::Neighbour, &wim.token),
        ("cyd", Side::Stranger, &cyd.token),
        ("vic", Side::Owner, &vic.token),
    ] {
        let own = vec![("{my token}", token.clone())];
        cast.push(Actor { name, at: Place::Device, side, is_agent: false, own });
    }
    let message = standing.message(&boxes[0]).await;
    let things = Things(vec![
        ("{app}", app),
        ("{vic}", vic.user.clone()),
        ("{device}", vic.device.clone()),
        ("{room}", world.room.clone()),
        ("{box}", boxes[0].clone()),
        ("{box of the other}", boxes[1].clone()),
        ("{group}", group),
        ("{service}", shop.app.service_id.clone()),
        ("{server}", shop.app.id.hub_server().to_string()),
        ("{message}", message),
    ]);
    (things, cast, standing)
}

impl Standing {
    async fn open(world: &World, cast: &[Actor], boxes: &[String; 3]) -> Self {
        let address = world.shop.server.address;
        let mut chats = Vec::new();
        for actor in cast {
            let [token, app, user, device] = &actor.own[..] else { panic!("four") };
            let mut auth = json!({"type": "auth", "api_token": token.1, "app_uuid": app.1,
                "user_uuid": user.1, "device_uuid": device.1, "is_service_user": actor.is_agent});
            auth["extra_data"] = json!({});
            let mut client = Client::open(address, "/pcsocket/WS").await;
            assert_eq!(client.ask(auth).await["code"], 0, "{}", actor.name);
            chats.push((actor.name, actor.side, client));
        }
        let mut consoles = Vec::new();
        for (name, side, token) in [
            ("another operator", Side::Stranger, &world.consoles[1]),
            ("operator", Side::Owner, &world.consoles[0]),
        ] {
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str())];
            consoles.push((name, side, Operator::open(address, "/console/ws", &headers).await));
        }
        let mut devices = Vec::new();
        for (name, side, token, device) in [
            ("wim", Side::Neighbour, &world.wim.token, &boxes[1]),
            ("cyd", Side::Stranger, &world.cyd.token, &boxes[2]),
            ("vic", Side::Owner, &world.vic.token, &boxes[0]),
        ] {
            let auth = json!({"action": "auth", "body": {"apiToken": token, "deviceId": device}});
            let mut client = Client::open(address, "/device/ws").await;
            assert_eq!(client.ask(auth).await["body"]["resultCode"], 1, "{name}");
            devices.push((name, side, client));
        }
        Self { chats, consoles, devices }
    }

    fn console(&mut self, name: &str) -> &mut Operator {
        let found = self.consoles.iter_mut().find(|(known, ..)| *known == name);
        &mut found.expect("a console").2
    }

    /// A new group of a device.
    async fn group(&mut self, operator: &str, device: &str) -> String {
        let console = self.console(operator);
        console
            .ask("createDeviceGroup", json!({"groupName": "of-one", "deviceList": [device]}))
            .await;
        let line = console.line().await;
        let (before, _) = line.split_once(" of-one").expect("a name");
        before.rsplit(' ').next().expect("an id").to_owned()
    }

    /// A message that waits for the owner's device, by its name.
    async fn message(&mut self, device: &str) -> String {
        let console = self.console("operator");
        console.ask("sendUnicastMsg", json!({"message": "mine", "deviceId": device})).await;
        console.line().await;
        let (_, _, device) =
            self.devices.iter_mut().find(|(name, ..)| *name == "vic").expect("one");
        let got = device.recv().await;
        got["body"]["msgs"][0]["msgId"].as_str().expect("a message").to_owned()
    }

    /// Says something; what is answered.
    pub async fn ask(&mut self, at: Place, name: &str, frame: &str) -> Vec<String> {
        match at {
            Place::Chat => {
                let client = of(&mut self.chats, name);
                client.text(frame).await;
                drained_chat(client).await
            }
            Place::Device => {
                let client = of(&mut self.devices, name);
                client.text(frame).await;
                drained_device(client).await
            }
            Place::Console => {
                let console = self.console(name);
                console.text(frame).await;
                console.drain().await
            }
            Place::ChatDoor | Place::DeviceDoor => panic!("a new socket"),
        }
    }

    /// Reads all that was told, and asserts that those heard nothing whom it does not concern.
    pub async fn expect_unheard(&mut self, (row, by): (&FrameRow, &Actor)) {
        let mut all = Vec::new();
        for (name, side, client) in &mut self.chats {
            all.push((*name, *side, drained_chat(client).await));
        }
        for (name, side, client) in &mut self.devices {
            all.push((*name, *side, drained_device(client).await));
        }
        for (name, side, console) in &mut self.consoles {
            // Operators hear whatever device of their app speaks.
            let side = if by.side == Side::Neighbour { Side::Neighbour } else { *side };
            all.push((*name, side, console.drain().await));
        }
        let is_deaf = |side: Side| match by.side {
            Side::Stranger => side != Side::Stranger,
            Side::Neighbour => side == Side::Owner || side == Side::Friend,
            Side::Owner | Side::Friend => side == Side::Stranger,
        };
        for (name, side, mut heard) in all {
            let of_strangers = ["by another operator", "by cyd", "by bea"];
            let of_others = ["by operator", "by vic", "by wim", "by ann"];
            let is_stranger = name == "another operator" || side == Side::Stranger;
            let foreign = if is_stranger { &of_others[..] } else { &of_strangers };
            let is_foreign = |text: &String| foreign.iter().any(|said| text.contains(said));
            assert!(!heard.iter().any(is_foreign), "{name} {heard:?}");
            // What is sent to all is shown at widgets a little later.
            heard.retain(|text| by.name == "operator" || !text.contains("by operator"));
            let is_unheard = !is_deaf(side) || heard.is_empty();
            assert!(is_unheard, "{} by {}: {name} {heard:?}", row.frame, by.name);
        }
    }

    pub async fn close(self) {
        for (.., client) in self.chats.into_iter().chain(self.devices) {
            client.close().await;
        }
        for (.., console) in self.consoles {
            console.close().await;
        }
    }
}

fn of<'a>(clients: &'a mut [(&'static str, Side, Client)], name: &str) -> &'a mut Client {
    let found = clients.iter_mut().find(|(known, ..)| *known == name);
    &mut found.expect("somebody").2
}

/// What comes before the answer to a frame of no type, but for who comes and goes.
async fn drained_chat(client: &mut Client) -> Vec<String> {
    client.send(&json!({"type": "fence"})).await;
    drained(client, |frame| frame["what"] == "WS" && frame["code"] == 5).await
}

async fn drained_device(client: &mut Client) -> Vec<String> {
    client.send(&json!({"action": "fence"})).await;
    drained(client, |frame| frame["action"] == "onError").await
}

async fn drained(client: &mut Client, is_fence: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let frame = client.recv().await;
        if is_fence(&frame) {
            return all;
        }
        if frame["type"] != "ONLINE" {
            all.push(frame.to_string());
        }
    }
}
