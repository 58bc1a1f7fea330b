//! Who may do what to whom in a group: every operation, by everybody, to everybody, over the socket.
//! What is refused changes nothing and is told to nobody; what is done is told to all members.

use serde_json::{Value, json};

use crate::harness::{Account, Backend, Client, Server};

/// What somebody is in a group.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Owner,
    Moderator,
    Member,
    Outsider,
    Banned,
}

use Place::{Banned, Member, Moderator, Outsider, Owner};

/// Two of each, so that everybody can be done something to by his like; but one owner.
const PEOPLE: [Place; 9] =
    [Owner, Moderator, Member, Outsider, Banned, Moderator, Member, Outsider, Banned];

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// It is done.
    Done,
    /// It is so already, or nobody needs to know: only who has asked is told.
    Quiet,
    /// 4005, `not allowed`.
    Refused,
    /// 4005, `not a member`: of the one who asks.
    NotIn,
    /// 4004, `user is not a member`.
    NobodyThere,
    /// 4000, `user is banned`.
    IsBanned,
    /// 4000, `the owner cannot leave`.
    OwnerStays,
}

use Comes::{Done, IsBanned, NobodyThere, NotIn, OwnerStays, Quiet, Refused};

const NOT_IN: [Comes; 6] = [NotIn; 6];
const REFUSED: [Comes; 6] = [Refused; 6];
const QUIET: [Comes; 6] = [Quiet; 6];

/// By whom, and to whom: the owner, a moderator, a member, somebody else, somebody banned, oneself.
type Row = (Place, [Comes; 6]);

const TO_SOMEBODY: [(&str, [Row; 5]); 7] = [
    (
        "add",
        [
            (Owner, [Quiet, Quiet, Quiet, Done, IsBanned, Quiet]),
            (Moderator, [Quiet, Quiet, Quiet, Done, IsBanned, Quiet]),
            (Member, [Quiet, Quiet, Quiet, Done, IsBanned, Quiet]),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "kick",
        [
            (Owner, [Refused, Done, Done, NobodyThere, NobodyThere, Refused]),
            (Moderator, [Refused, Refused, Done, NobodyThere, NobodyThere, Refused]),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "ban",
        [
            (Owner, [Refused, Done, Done, Quiet, Quiet, Refused]),
            (Moderator, [Refused, Refused, Done, Quiet, Quiet, Refused]),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "unban",
        [
            (Owner, QUIET),
            (Moderator, QUIET),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "role moderator",
        [
            (Owner, [Refused, Quiet, Done, NobodyThere, NobodyThere, Refused]),
            (Moderator, REFUSED),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "role member",
        [
            (Owner, [Refused, Done, Quiet, NobodyThere, NobodyThere, Refused]),
            (Moderator, REFUSED),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
    (
        "transfer",
        [
            (Owner, [Quiet, Done, Done, NobodyThere, NobodyThere, Quiet]),
            (Moderator, REFUSED),
            (Member, REFUSED),
            (Outsider, NOT_IN),
            (Banned, NOT_IN),
        ],
    ),
];

/// By the owner, a moderator, a member, somebody else, somebody banned.
const TO_THE_GROUP: [(&str, [Comes; 5]); 4] = [
    ("rename", [Done, Done, Refused, NotIn, NotIn]),
    ("leave", [OwnerStays, Done, Done, NotIn, NotIn]),
    ("delete", [Done, Refused, Refused, NotIn, NotIn]),
    ("members", [Quiet, Quiet, Quiet, NotIn, NotIn]),
];

/// A user with a session.
struct Person {
    account: Account,
    client: Client,
}

/// Everybody, and the group as it should be.
struct Stage {
    people: Vec<Person>,
    group: Value,
    places: [Place; 9],
}

impl Stage {
    async fn new(server: &Server) -> Self {
        let mut people: Vec<Person> = Vec::new();
        for number in 0..PEOPLE.len() {
            let account = server.user(&format!("p{number}")).await;
            for friend in &people {
                server.befriend(&account, &friend.account).await;
            }
            let client = server.login_with(&account, &["group"]).await;
            people.push(Person { account, client });
        }
        Self { people, group: json!(null), places: PEOPLE }
    }

    /// A new group in which everybody is what he is to be.
    async fn found(&mut self) {
        let create = json!({"type": "group", "payload": {"type": "create", "title": "T"}});
        let created = self.people[0].client.ask(create).await;
        self.group = created["payload"]["group"]["id"].clone();
        self.places = PEOPLE;
        for (number, place) in PEOPLE.into_iter().enumerate().skip(1) {
            let steps: &[&str] = match place {
                Owner | Outsider => &[],
                Moderator => &["add", "role moderator"],
                Member => &["add"],
                Banned => &["ban"],
            };
            for step in steps {
                let answer = self.ask(0, step, Some(number)).await;
                assert_eq!(answer["type"], "group", "{answer}");
            }
        }
        // To whoever has never written a transfer is only offered.
        for (person, place) in self.people.iter_mut().zip(PEOPLE) {
            if matches!(place, Moderator | Member) {
                let payload = json!({"type": "send", "chat_id": self.group, "content": "x"});
                person.client.send(&json!({"type": "chat", "payload": payload})).await;
                person.client.drain().await;
            }
        }
        self.drain().await;
    }

    async fn ask(&mut self, actor: usize, operation: &str, target: Option<usize>) -> Value {
        let (kind, role) = operation.split_once(' ').unwrap_or((operation, ""));
        let name = target.map(|target| self.people[target].account.user.name.clone());
        let payload = json!({"type": kind, "chat_id": self.group, "name": name, "role": role,
            "title": "another"});
        let frame = json!({"type": "group", "payload": payload});
        self.people[actor].client.ask(frame).await
    }

    async fn drain(&mut self) -> Vec<Vec<Value>> {
        let mut all = Vec::new();
        for person in &mut self.people {
            all.push(person.client.drain().await);
        }
        all
    }

    /// Does something, and looks at the answer, at what all are told, and at who is in it then.
    async fn act(
        &mut self,
        (actor, operation, target): (usize, &str, Option<usize>),
        comes: Comes,
    ) {
        let case = format!("{operation} by {:?} to {target:?}", self.places[actor]);
        let answer = self.ask(actor, operation, target).await;
        let payload = &answer["payload"];
        match error(comes) {
            Some((code, reason)) => {
                assert_eq!(*payload, json!({"code": code, "reason": reason}), "{case}");
            }
            None => {
                let kind = operation.split(' ').next().unwrap_or_default();
                assert_eq!(payload["type"], kind, "{case}: {answer}");
            }
        }
        let was_in = self.places.map(|place| !matches!(place, Outsider | Banned));
        if comes == Done || operation == "ban" || operation == "unban" {
            self.apply(actor, operation, target, comes);
        }
        let is_in = self.places.map(|place| !matches!(place, Outsider | Banned));
        for (number, told) in self.drain().await.into_iter().enumerate() {
            let hears = comes == Done && number != actor && (was_in[number] || is_in[number]);
            let expected = if hears { vec![answer.clone()] } else { Vec::new() };
            assert_eq!(told, expected, "{case}: what p{number} is told");
        }
        self.look(&case).await;
    }

    /// What becomes of the places.
    fn apply(&mut self, actor: usize, operation: &str, target: Option<usize>, comes: Comes) {
        if !matches!(comes, Done | Quiet) {
            return;
        }
        let target = target.unwrap_or(actor);
        self.places[target] = match (operation, self.places[target]) {
            ("add" | "role member", _) => Member,
            ("kick" | "leave", _) | ("unban", Banned) => Outsider,
            ("ban", _) => Banned,
            ("role moderator", _) => Moderator,
            ("transfer", _) => {
                self.places[actor] = Moderator;
                Owner
            }
            (_, place) => place,
        };
        if operation == "delete" {
            self.places = self.places.map(|_| Outsider);
        }
    }

    /// The members are those who should be.
    async fn look(&mut self, case: &str) {
        for reader in [0, 2] {
            let answer = self.ask(reader, "members", None).await;
            if matches!(self.places[reader], Outsider | Banned) {
                assert_eq!(answer["payload"]["reason"], "not a member", "{case}");
                continue;
            }
            let members = answer["payload"]["members"].as_array().expect("members");
            let role_of = |person: &Person| {
                let is = |member: &&Value| member["user"]["name"] == person.account.user.name;
                members.iter().find(is).map_or("", |member| member["role"].as_str().unwrap())
            };
            for (person, place) in self.people.iter().zip(self.places) {
                let role = match place {
                    Owner => "owner",
                    Moderator => "moderator",
                    Member => "member",
                    Outsider | Banned => "",
                };
                assert_eq!(role_of(person), role, "{case}: {}", person.account.user.name);
            }
            assert_eq!(answer["payload"]["group"]["members"], members.len(), "{case}");
        }
    }

    async fn close(self) {
        for person in self.people {
            person.client.close().await;
        }
    }
}

fn error(comes: Comes) -> Option<(u16, &'static str)> {
    Some(match comes {
        Done | Quiet => return None,
        Refused => (4005, "not allowed"),
        NotIn => (4005, "not a member"),
        NobodyThere => (4004, "user is not a member"),
        IsBanned => (4000, "user is banned"),
        OwnerStays => (4000, "the owner cannot leave"),
    })
}

/// The one who acts.
fn actor(place: Place) -> usize {
    PEOPLE.iter().position(|one| *one == place).expect("somebody")
}

/// Somebody else of that place, if there is.
fn other(place: Place) -> usize {
    PEOPLE.iter().rposition(|one| *one == place).expect("somebody")
}

async fn everything(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let mut stage = Stage::new(&server).await;
    stage.found().await;
    let places = [Owner, Moderator, Member, Outsider, Banned];
    for (operation, rows) in TO_SOMEBODY {
        for (by, row) in rows {
            let targets = places.map(other).into_iter().chain([actor(by)]);
            for (target, comes) in targets.zip(row) {
                stage.act((actor(by), operation, Some(target)), comes).await;
                if stage.places != PEOPLE {
                    stage.found().await;
                }
            }
        }
    }
    for (operation, row) in TO_THE_GROUP {
        for (by, comes) in places.into_iter().zip(row) {
            stage.act((actor(by), operation, None), comes).await;
            // Another title is one only once.
            if comes == Done {
                stage.found().await;
            }
        }
    }
    stage.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn every_operation_by_everybody_to_everybody_on_sqlite() {
    everything(Backend::Sqlite).await;
}

#[actix_web::test]
async fn every_operation_by_everybody_to_everybody_on_postgres() {
    everything(Backend::Postgres).await;
}
