//! What B does about a group that A is not in, or is in for all but himself: whether it reaches A.

use serde_json::{Value, json};

use super::Block;
use crate::harness::{Account, Backend, Client, Server};

/// What happens while B may be blocked, but for what it says, and what A would know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    /// B adds A, who is told.
    Add,
    /// The same; then C does, too, and A is told.
    AddTwice,
    /// C writes after B has added A.
    OtherWrites,
    /// The same; then C adds A, who looks.
    OtherWritesAndAdds,
    /// B edits what he has written before, after he has added A.
    EditAfterAdding,
    /// B writes after he has added A; then C adds him, who looks.
    WriteAfterAdding,
    /// B writes; then C adds A, who looks.
    WriteBeforeJoining,
    /// B edits what he has written before; then C adds A, who looks.
    EditBeforeJoining,
    /// B was blocked when he wrote, and is not any more when C adds A, who looks.
    WriteBeforeLifting,
    /// B was blocked when he edited what he had written before, and is not any more.
    EditBeforeLifting,
    /// B was blocked when he wrote, and edits it when he is not any more; then C adds A, who looks.
    WriteThenEditLater,
    /// C adds A; B gives it another title.
    Rename,
    /// C adds A; B kicks him.
    Kick,
    /// B adds A and passes the group on to him.
    Transfer,
    /// C adds A, who writes; B passes the group on to him.
    TransferToWriter,
    /// C adds A, who does not write; B passes the group on to him.
    TransferAsStranger,
    /// B says that nobody sits there.
    GoAway,
}

use Deed::{
    Add, AddTwice, EditAfterAdding, EditBeforeJoining, EditBeforeLifting, GoAway, Kick,
    OtherWrites, OtherWritesAndAdds, Rename, Transfer, TransferAsStranger, TransferToWriter,
    WriteAfterAdding, WriteBeforeJoining, WriteBeforeLifting, WriteThenEditLater,
};

/// Without a block, blocked by A, blocking A.
const TABLE: [(Deed, [bool; 3]); 17] = [
    (Add, [true, false, true]),
    (AddTwice, [true, true, true]),
    (OtherWrites, [true, false, true]),
    (OtherWritesAndAdds, [true, true, true]),
    (EditAfterAdding, [true, false, true]),
    (WriteAfterAdding, [true, false, true]),
    (WriteBeforeJoining, [true, false, true]),
    (EditBeforeJoining, [true, false, true]),
    (WriteBeforeLifting, [true, false, true]),
    (EditBeforeLifting, [true, false, true]),
    (WriteThenEditLater, [true, false, true]),
    (Rename, [true, true, true]),
    (Kick, [true, true, true]),
    (Transfer, [true, false, true]),
    (TransferToWriter, [true, false, true]),
    (TransferAsStranger, [true, false, true]),
    (GoAway, [true, true, true]),
];

/// A is to know this word, or not.
const NEWS: &str = "news";

struct Side {
    account: Account,
    client: Client,
}

/// C owns the group, B is a moderator, A is a friend of both.
struct Scene {
    a: Side,
    b: Side,
    c: Side,
    group: String,
    /// All that B is answered.
    told: Vec<Value>,
}

impl Side {
    /// Asks, and passes over what others do.
    async fn ask(&mut self, kind: &str, payload: Value) -> Value {
        self.client.send(&json!({"type": kind, "payload": payload})).await;
        let frames = self.client.drain().await;
        let news = |frame: &Value| frame["payload"]["type"] == "change";
        let answer = frames.into_iter().rfind(|frame| !news(frame));
        answer.expect("an answer")
    }
}

impl Scene {
    async fn new(server: &Server, name: &str) -> Self {
        let (a, b, c) = (
            server.user(&format!("a{name}")).await,
            server.user(&format!("b{name}")).await,
            server.user(&format!("c{name}")).await,
        );
        for (one, other) in [(&a, &b), (&a, &c), (&b, &c)] {
            server.befriend(one, other).await;
        }
        let features = ["sync", "presence", "typing", "read", "group"];
        let mut sides = Vec::new();
        for account in [a, b, c] {
            let client = server.login_with(&account, &features).await;
            sides.push(Side { account, client });
        }
        let [a, b, c] = sides.try_into().ok().expect("three");
        let mut scene = Self { a, b, c, group: String::new(), told: Vec::new() };
        let created = scene.c.ask("group", json!({"type": "create", "title": "T"})).await;
        let id = &created["payload"]["group"]["id"];
        scene.group = id.as_str().expect("an id").to_owned();
        let name = scene.b.account.user.name.clone();
        scene.c_does("add", &name).await;
        let payload =
            json!({"type": "role", "chat_id": scene.group, "name": name, "role": "moderator"});
        scene.c.ask("group", payload).await;
        scene
    }

    async fn c_does(&mut self, kind: &str, name: &str) {
        let payload = json!({"type": kind, "chat_id": self.group, "name": name});
        let answer = self.c.ask("group", payload).await;
        assert_eq!(answer["payload"]["type"], kind, "{answer}");
    }

    async fn c_adds_a(&mut self) {
        let name = self.a.account.user.name.clone();
        self.c_does("add", &name).await;
    }

    async fn b_does(&mut self, kind: &str, payload: Value) -> Value {
        let answer = self.b.ask(kind, payload).await;
        let payload = &answer["payload"];
        assert_eq!(answer["type"], kind, "{answer}");
        let fields = ["type", "content", "seq", "rev", "status"].map(|key| payload[key].clone());
        let members = &payload["group"]["members"];
        self.told.push(json!([fields, members, payload["user"].is_object()]));
        answer
    }

    async fn b_about_a(&mut self, kind: &str) {
        let name = &self.a.account.user.name;
        let payload = json!({"type": kind, "chat_id": self.group, "name": name});
        self.b_does("group", payload).await;
    }

    async fn b_writes(&mut self, text: &str) -> Value {
        let payload = json!({"type": "send", "chat_id": self.group, "content": text});
        self.b_does("chat", payload).await["payload"]["id"].clone()
    }

    async fn b_edits(&mut self, id: &Value) {
        let payload = json!({"type": "edit", "id": id, "chat_id": self.group, "content": NEWS});
        self.b_does("chat", payload).await;
    }

    /// Before the block.
    async fn before(&mut self, deed: Deed) -> Value {
        match deed {
            EditAfterAdding | EditBeforeJoining | EditBeforeLifting => self.b_writes("old").await,
            Rename | Kick => {
                self.c_adds_a().await;
                json!(null)
            }
            Transfer | TransferToWriter | TransferAsStranger => {
                if deed != Transfer {
                    self.c_adds_a().await;
                }
                if deed == TransferToWriter {
                    let by_a = json!({"type": "send", "chat_id": self.group, "content": "x"});
                    self.a.ask("chat", by_a).await;
                    self.b.client.drain().await;
                }
                self.b_writes("mine").await;
                self.told.clear();
                let name = self.b.account.user.name.clone();
                self.c_does("transfer", &name).await;
                json!(null)
            }
            _ => json!(null),
        }
    }

    /// While there is a block; what has to be edited later.
    async fn during(&mut self, deed: Deed, first: Value) -> Value {
        match deed {
            Add => self.b_about_a("add").await,
            AddTwice | OtherWrites | OtherWritesAndAdds | EditAfterAdding | WriteAfterAdding
            | Transfer => {
                self.b_about_a("add").await;
                self.a.client.drain().await;
                self.after_adding(deed, &first).await;
            }
            WriteBeforeJoining | WriteBeforeLifting => drop(self.b_writes(NEWS).await),
            EditBeforeJoining | EditBeforeLifting => self.b_edits(&first).await,
            WriteThenEditLater => return self.b_writes("old").await,
            Rename => {
                let payload = json!({"type": "rename", "chat_id": self.group, "title": NEWS});
                self.b_does("group", payload).await;
            }
            TransferToWriter | TransferAsStranger => self.b_about_a("transfer").await,
            Kick => self.b_about_a("kick").await,
            GoAway => {
                self.b_does("presence", json!({"type": "set", "status": "away"})).await;
            }
        }
        first
    }

    async fn after_adding(&mut self, deed: Deed, first: &Value) {
        let by_c = json!({"type": "send", "chat_id": self.group, "content": NEWS});
        match deed {
            OtherWrites | OtherWritesAndAdds => drop(self.c.ask("chat", by_c).await),
            EditAfterAdding => self.b_edits(first).await,
            WriteAfterAdding => drop(self.b_writes(NEWS).await),
            Transfer => self.b_about_a("transfer").await,
            _ => {}
        }
    }

    /// Whether A knows of it.
    async fn reached(&mut self, deed: Deed) -> bool {
        match deed {
            Add | Kick | Rename | Transfer | TransferToWriter | TransferAsStranger
            | OtherWrites | EditAfterAdding => {
                let frames = self.a.client.drain().await;
                frames.iter().any(|frame| frame["type"] != "presence")
            }
            GoAway => loop {
                let b = self.b.account.id().to_string();
                let frame = self.a.client.recv().await;
                if frame["payload"]["user"] == *b && frame["payload"]["status"] == "away" {
                    break true;
                }
            },
            AddTwice => {
                self.c_adds_a().await;
                let frames = self.a.client.drain().await;
                frames.iter().any(|frame| frame["payload"]["type"] == "add") || !self.hidden().await
            }
            _ => {
                self.c_adds_a().await;
                self.finds_news().await
            }
        }
    }

    /// Brought up to date, and by the history: both show the same.
    async fn finds_news(&mut self) -> bool {
        use base64::Engine as _;
        let cursor = base64::prelude::BASE64_STANDARD.encode("2100-01-01 00:00:00.000000");
        let payload =
            json!({"type": "chat", "load_id": self.group, "datetime": cursor, "count": 99});
        let asks = [
            json!({"type": "sync", "payload": {"rooms": {&self.group: 0}}}),
            json!({"type": "load", "payload": payload}),
        ];
        let mut found = Vec::new();
        for ask in asks {
            self.a.client.drain().await;
            self.a.client.send(&ask).await;
            let frames = self.a.client.drain().await;
            assert!(frames.iter().all(|frame| frame["type"] != "error"), "{frames:?}");
            found.push(frames.iter().any(|frame| frame["payload"]["content"] == NEWS));
        }
        assert_eq!(found[0], found[1], "sync and load show the same");
        found[0]
    }

    /// Whether the group is nothing to A, whatever he asks.
    async fn hidden(&mut self) -> bool {
        let group = self.group.clone();
        let asks = [
            ("group", json!({"type": "members", "chat_id": group})),
            ("group", json!({"type": "leave", "chat_id": group})),
            ("chat", json!({"type": "send", "chat_id": group, "content": "x"})),
            ("typing", json!({"chat_id": group, "state": "start"})),
            ("read", json!({"chat_id": group, "seq": 0})),
        ];
        for (kind, payload) in asks {
            if self.a.ask(kind, payload).await["payload"]["reason"] != "not a member" {
                return false;
            }
        }
        let synced = self.a.ask("sync", json!({"rooms": {&group: 0}})).await;
        synced["payload"]["rooms"][&group].is_null()
    }

    async fn close(self) {
        for side in [self.a, self.b, self.c] {
            side.client.close().await;
        }
    }
}

async fn case(server: &Server, deed: Deed, block: Block) -> (bool, Vec<Value>) {
    let mut scene = Scene::new(server, &format!("{deed:?}{block:?}")).await;
    let first = scene.before(deed).await;
    scene.a.client.drain().await;
    let (a, b) = (scene.a.account.clone(), scene.b.account.clone());
    let sides = match block {
        Block::Nobody => None,
        Block::ByA => Some((&a, &b)),
        Block::ByB => Some((&b, &a)),
    };
    if let Some((one, other)) = sides {
        assert!(server.block(one, other, false).await.status < 300);
    }
    let first = scene.during(deed, first).await;
    let lifted = matches!(deed, WriteBeforeLifting | EditBeforeLifting | WriteThenEditLater);
    if let Some((one, other)) = sides.filter(|_| lifted) {
        assert!(server.block(one, other, true).await.status < 300);
    }
    if deed == WriteThenEditLater {
        scene.b_edits(&first).await;
    }
    let reached = scene.reached(deed).await;
    if deed == Add && block == Block::ByA {
        assert!(scene.hidden().await, "the group is nothing to A");
    }
    let told = scene.told.clone();
    scene.close().await;
    (reached, told)
}

#[actix_web::test]
async fn what_is_done_about_a_group() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        for (deed, expected) in TABLE {
            let mut all = Vec::new();
            for (block, expected) in
                [Block::Nobody, Block::ByA, Block::ByB].into_iter().zip(expected)
            {
                let (reached, told) = case(&server, deed, block).await;
                assert_eq!(reached, expected, "{deed:?}, blocked: {block:?}, {backend:?}");
                all.push(told);
            }
            // To one who writes there the group passes without being offered, unless he blocks B: better that B
            // may guess it than that A owns a group.
            let compared = if deed == TransferToWriter { &all[..1] } else { &all[..] };
            assert!(compared.iter().all(|told| *told == all[0]), "{deed:?}: B can tell: {all:?}");
        }
        server.stop().await;
    }
}
