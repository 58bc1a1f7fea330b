//! What B does in a room that A is in, the one of the two or a group: what A sees of it at once, when
//! he is brought up to date, in the history, and among the unread; while he blocks B and after that.

use serde_json::{Value, json};

use super::Block;
use crate::harness::{Account, Backend, Client, Server};

/// What B does, all of it while blocked but for what it says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Write,
    /// Of what he has written before.
    Edit,
    /// Of what he has written before.
    Delete,
    WriteAndEdit,
    WriteAndDelete,
    Type,
    /// What he has begun before.
    StopTyping,
    Read,
}

/// How A looks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Live,
    Sync,
    History,
    Unread,
    /// Among the rooms, were there nothing else in it.
    Rooms,
}

/// What he sees.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    All,
    /// That something is deleted.
    Gone,
    Nothing,
}

use Deed::{Delete, Edit, Read, StopTyping, Type, Write, WriteAndDelete, WriteAndEdit};
use Look::{History, Live, Rooms, Sync, Unread};
use Seen::{All, Gone, Nothing};

/// Without a block, blocked by A, blocking A.
const TABLE: [(Deed, Look, [Seen; 3]); 22] = [
    (Write, Live, [All, Nothing, All]),
    (Write, Sync, [All, Nothing, All]),
    (Write, History, [All, Nothing, All]),
    (Write, Unread, [All, Nothing, All]),
    (Write, Rooms, [All, Nothing, All]),
    (Edit, Live, [All, Gone, All]),
    (Edit, Sync, [All, Gone, All]),
    (Edit, History, [All, Nothing, All]),
    (Edit, Unread, [All, Nothing, All]),
    (Delete, Live, [Gone, Gone, Gone]),
    (Delete, Sync, [Gone, Gone, Gone]),
    (Delete, History, [Nothing, Nothing, Nothing]),
    (Delete, Unread, [Nothing, Nothing, Nothing]),
    (WriteAndEdit, Live, [All, Nothing, All]),
    (WriteAndEdit, Sync, [All, Nothing, All]),
    (WriteAndEdit, History, [All, Nothing, All]),
    (WriteAndEdit, Unread, [All, Nothing, All]),
    (WriteAndDelete, Sync, [Gone, Nothing, Gone]),
    (WriteAndDelete, Unread, [Nothing, Nothing, Nothing]),
    (Type, Live, [All, Nothing, All]),
    (StopTyping, Live, [All, All, All]),
    (Read, Live, [All, Nothing, All]),
];

const FEATURES: [&str; 4] = ["sync", "typing", "read", "group"];

/// One of those in the room.
struct Side {
    account: Account,
    client: Client,
}

impl Side {
    async fn come(server: &Server, name: &str) -> Self {
        let account = server.user(name).await;
        let client = server.login_with(&account, &FEATURES).await;
        Self { account, client }
    }

    async fn say(&mut self, kind: &str, payload: Value) -> Value {
        self.client.drain().await;
        self.client.ask(json!({"type": kind, "payload": payload})).await
    }

    async fn write(&mut self, room: &str, text: &str) -> Value {
        let payload = json!({"type": "send", "chat_id": room, "content": text});
        self.say("chat", payload).await
    }

    async fn edit(&mut self, room: &str, id: &Value, text: &str) -> Value {
        let payload = json!({"type": "edit", "id": id, "chat_id": room, "content": text});
        self.say("chat", payload).await
    }

    /// What he sees of the word `news` in a room.
    async fn look(&mut self, look: Look, room: &str) -> Seen {
        let frames = match look {
            Live => self.client.drain().await,
            Sync => {
                self.client.drain().await;
                let payload = json!({"rooms": {room: 0}});
                self.client.send(&json!({"type": "sync", "payload": payload})).await;
                self.client.drain().await
            }
            History => {
                self.client.drain().await;
                self.history(room).await
            }
            Unread | Rooms => return self.entry(look, room).await,
        };
        let content = |frame: &Value| frame["payload"]["content"].as_str().map(str::to_owned);
        let texts: Vec<String> = frames.iter().filter_map(content).collect();
        assert!(texts.iter().all(|text| ["", "news", "own"].contains(&text.as_str())), "{texts:?}");
        let told = |frame: &Value| frame["type"] == "typing" || frame["type"] == "read";
        if frames.iter().any(told) || texts.iter().any(|text| text == "news") {
            All
        } else if texts.iter().any(String::is_empty) {
            Gone
        } else {
            Nothing
        }
    }

    async fn history(&mut self, room: &str) -> Vec<Value> {
        use base64::Engine as _;
        let cursor = base64::prelude::BASE64_STANDARD.encode("2100-01-01 00:00:00.000000");
        let payload = json!({"type": "chat", "load_id": room, "datetime": cursor, "count": 99});
        self.client.send(&json!({"type": "load", "payload": payload})).await;
        self.client.drain().await
    }

    async fn entry(&mut self, look: Look, room: &str) -> Seen {
        self.client.drain().await;
        let payload = json!({"auth": self.account.token, "features": FEATURES});
        let answer = self.say("auth", payload).await;
        let rooms = answer["payload"]["rooms"].as_array().expect("rooms");
        let entry = rooms.iter().find(|entry| entry["id"] == room);
        let shown = match look {
            Unread => entry.is_some_and(|entry| entry["unread"] != 0),
            _ => entry.is_some(),
        };
        if shown { All } else { Nothing }
    }
}

/// A, B with two sessions, and C, who blocks nobody and whom nobody blocks.
struct Scene {
    a: Side,
    b: Side,
    other: Client,
    c: Side,
    room: String,
    group: bool,
}

impl Scene {
    async fn new(server: &Server, name: &str, group: bool) -> Self {
        let mut a = Side::come(server, &format!("a{name}")).await;
        let mut b = Side::come(server, &format!("b{name}")).await;
        let mut c = Side::come(server, &format!("c{name}")).await;
        let mut room = a.account.room(&b.account);
        if group {
            let created = c.say("group", json!({"type": "create", "title": "T"})).await;
            created["payload"]["group"]["id"].as_str().expect("an id").clone_into(&mut room);
            for side in [&a, &b] {
                server.befriend(&c.account, &side.account).await;
                let name = &side.account.user.name;
                let add = json!({"type": "add", "chat_id": room, "name": name});
                assert_eq!(c.say("group", add).await["type"], "group");
            }
        }
        for side in [&mut a, &mut b, &mut c] {
            side.client.drain().await;
        }
        let other = server.login_with(&b.account, &FEATURES).await;
        Self { a, b, other, c, room, group }
    }

    /// What B has done is done once he has been answered, so his comes first.
    async fn drain(&mut self) {
        for client in [&mut self.b.client, &mut self.other, &mut self.c.client, &mut self.a.client]
        {
            client.drain().await;
        }
    }

    /// What is there before the block: the id of it, if it is a message.
    async fn before(&mut self, deed: Deed, look: Look) -> Value {
        let room = self.room.clone();
        let first = match deed {
            Edit => self.b.write(&room, "news").await,
            Delete => self.b.write(&room, "own").await,
            StopTyping => {
                let typing = json!({"chat_id": room, "state": "start"});
                self.b.client.send(&json!({"type": "typing", "payload": typing})).await;
                self.b.client.drain().await;
                json!(null)
            }
            Read => self.a.write(&room, "own").await,
            _ => json!(null),
        };
        // A room that A can see anyway, unless that is what is looked at. He sees all groups he is in.
        if look != Rooms && deed != Read && !self.group {
            self.a.write(&room, "own").await;
        }
        self.drain().await;
        first["payload"]["id"].clone()
    }

    /// B acts; what he is answered.
    async fn act(&mut self, deed: Deed, first: &Value) -> Vec<Value> {
        let room = self.room.clone();
        let b = &mut self.b;
        match deed {
            Write => vec![b.write(&room, "news").await],
            Edit => vec![b.edit(&room, first, "news").await],
            Delete => vec![b.edit(&room, first, "").await],
            WriteAndEdit | WriteAndDelete => {
                let sent = b.write(&room, "news").await;
                let text = if deed == WriteAndEdit { "news" } else { "" };
                let edited = b.edit(&room, &sent["payload"]["id"], text).await;
                vec![sent, edited]
            }
            Type | StopTyping => {
                let state = if deed == Type { "start" } else { "stop" };
                let typing = json!({"chat_id": room, "state": state});
                b.client.send(&json!({"type": "typing", "payload": typing})).await;
                b.client.drain().await
            }
            Read => vec![b.say("read", json!({"chat_id": room, "seq": 1})).await],
        }
    }

    /// All that B could tell a block by: his answers, what his other session hears, what he reads later.
    async fn own(&mut self, answers: Vec<Value>) -> Vec<Value> {
        let mut own = answers;
        own.extend(self.other.drain().await);
        let payload = json!({"rooms": {&self.room: 0}});
        self.other.send(&json!({"type": "sync", "payload": payload})).await;
        own.extend(self.other.drain().await);
        own.extend(self.b.history(&self.room).await);
        let told = |frame: &Value| {
            let payload = &frame["payload"];
            let fields = ["type", "content", "seq", "rev", "state", "complete"];
            json!([frame["type"], fields.map(|field| payload[field].clone())])
        };
        own.iter().map(told).collect()
    }

    async fn close(self) {
        for client in [self.a.client, self.b.client, self.other, self.c.client] {
            client.close().await;
        }
    }
}

async fn block(server: &Server, scene: &Scene, block: Block, lift: bool) {
    let (a, b) = (&scene.a.account, &scene.b.account);
    let answer = match block {
        Block::Nobody => return,
        Block::ByA => server.block(a, b, lift).await,
        Block::ByB => server.block(b, a, lift).await,
    };
    assert!(answer.status < 300, "{answer:?}");
}

async fn row(server: &Server, number: usize, (group, lifted): (bool, bool)) {
    let (deed, look, expected) = TABLE[number];
    let mut told = Vec::new();
    let cases = [Block::Nobody, Block::ByA, Block::ByB].into_iter().zip(expected);
    for (blocks, mut seen) in cases {
        let case = format!("{deed:?}, {look:?}, {blocks:?}, group: {group}, lifted: {lifted}");
        let name = format!("{number}{blocks:?}{group}{lifted}");
        let mut scene = Scene::new(server, &name, group).await;
        let first = scene.before(deed, look).await;
        block(server, &scene, blocks, false).await;
        let answers = scene.act(deed, &first).await;
        if lifted {
            block(server, &scene, blocks, true).await;
        }
        let room = scene.room.clone();
        if look == Rooms && group {
            // One sees all groups one is in.
            seen = All;
        }
        assert_eq!(scene.a.look(look, &room).await, seen, "{case}");
        if scene.group {
            assert_eq!(scene.c.look(look, &room).await, expected[0], "{case}: the third");
        }
        told.push(scene.own(answers).await);
        scene.close().await;
    }
    assert!(told.iter().all(|own| *own == told[0]), "{deed:?}, {look:?}: B can tell: {told:?}");
}

async fn all(backend: Backend, (group, lifted): (bool, bool)) {
    let server = Server::with(backend, |_| {}).await;
    for number in 0..TABLE.len() {
        row(&server, number, (group, lifted)).await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn in_a_room_of_two() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        all(backend, (false, false)).await;
    }
}

#[actix_web::test]
async fn in_a_room_of_two_after_the_block() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        all(backend, (false, true)).await;
    }
}

#[actix_web::test]
async fn in_a_group() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        all(backend, (true, false)).await;
    }
}

#[actix_web::test]
async fn in_a_group_after_the_block() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        all(backend, (true, true)).await;
    }
}
