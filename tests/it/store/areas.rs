//! What one area writes is never overlooked by another, whatever was remembered: random jobs of all areas,
//! done in bursts by one store, do what they do one by one, each in a new store that remembers nothing.
//!
//! Tried out by taking away, one at a time, what makes it so: it fails without any one of the four `clear()` in
//! `UnitOfWork::settled`, and with `Touches::Rest` for the jobs of chat.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl as _, sql_query};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::accounts::command::AccountsWrite;
use tradewind::domain::accounts::friendship::{FriendVerb, Friendship};
use tradewind::domain::accounts::login::{LoginId, Which};
use tradewind::domain::accounts::user::UserPair;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::group::{GroupStep, Role, Title};
use tradewind::domain::chat::message::Nonce;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::id::{GroupId, MessageId};
use tradewind::store::accounts::logins::NewLogin;
use tradewind::store::accounts::own::Changes;
use tradewind::store::accounts::{friendships, writes as accounts};
use tradewind::store::chat::groups::{self, RosterEntry};
use tradewind::store::chat::{rooms, writes as chat};
use tradewind::store::engine::Connection;
use tradewind::store::{ChatCommand, Database, StoreError};

use super::harness::*;

const USERS: [i64; 4] = [2, 4, 6, 8];
const GROUPS: [i64; 2] = [1_001, 1_003];

/// A job of some area; users and groups by their places.
#[derive(Clone, Debug)]
enum Op {
    Post(usize, Where, Option<u8>),
    Edit(usize, Where, usize, bool),
    Read(usize, Where, i64),
    Step(usize, usize, Step, usize),
    Befriend(usize, FriendVerb, usize),
    Block(usize, usize, BlockVerb),
    Delete(usize),
    SweepNonces,
    Introduce(usize, usize),
    Rename(usize, u8),
    LogIn(usize),
    LogOutAll(usize),
    Seen(usize),
    NewHash(usize),
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Direct(usize),
    Group(usize),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Rename,
    Add,
    Leave,
    Kick,
    Ban,
    Unban,
    Promote,
    Transfer,
    Accept,
    Delete,
}

fn op() -> impl Strategy<Value = Op> {
    use prop::sample::select;
    let user = || 0_usize..USERS.len();
    let place = || {
        prop_oneof![
            1 => user().prop_map(Where::Direct),
            1 => (0_usize..GROUPS.len()).prop_map(Where::Group),
        ]
    };
    let nonce = prop::option::weighted(0.5, 0_u8..2);
    let verbs = vec![FriendVerb::Request, FriendVerb::Accept, FriendVerb::End];
    let steps = vec![
        Step::Rename,
        Step::Add,
        Step::Add,
        Step::Leave,
        Step::Kick,
        Step::Ban,
        Step::Unban,
        Step::Promote,
        Step::Transfer,
        Step::Accept,
        Step::Delete,
    ];
    prop_oneof![
        12 => (user(), place(), nonce).prop_map(|(author, place, nonce)| Op::Post(author, place, nonce)),
        4 => (user(), place(), 0_usize..20, any::<bool>())
            .prop_map(|(author, place, post, text)| Op::Edit(author, place, post, text)),
        2 => (user(), place(), 0_i64..9).prop_map(|(reader, place, seq)| Op::Read(reader, place, seq)),
        4 => (user(), 0_usize..GROUPS.len(), select(steps), user())
            .prop_map(|(actor, group, step, other)| Op::Step(actor, group, step, other)),
        2 => (user(), select(verbs), user()).prop_map(|(me, verb, other)| Op::Befriend(me, verb, other)),
        8 => (user(), user(), select(vec![BlockVerb::Block, BlockVerb::Unblock]))
            .prop_map(|(me, other, verb)| Op::Block(me, other, verb)),
        1 => user().prop_map(Op::Delete),
        4 => Just(Op::SweepNonces),
        1 => (user(), 1_usize..USERS.len())
            .prop_map(|(user, by)| Op::Introduce(user, (user + by) % USERS.len())),
        1 => (user(), 0_u8..4).prop_map(|(user, name)| Op::Rename(user, name)),
        2 => user().prop_map(Op::LogIn),
        1 => user().prop_map(Op::LogOutAll),
        1 => user().prop_map(Op::Seen),
        1 => user().prop_map(Op::NewHash),
    ]
}

/// The ops of one run, each with the id that its message would have.
struct Script {
    ops: Vec<Op>,
    ids: Vec<MessageId>,
}

/// An answer that is on its way, as text.
type Answer = Pin<Box<dyn Future<Output = String>>>;

impl Script {
    fn command(&self, number: usize) -> Option<ChatCommand> {
        let user = |place: usize| id(USERS[place]);
        let at = |me: usize, place| match place {
            Where::Direct(peer) => room(USERS[me], Some(USERS[peer])),
            Where::Group(group) => Some(RoomKey::Group(group_id(group))),
        };
        Some(match self.ops[number].clone() {
            Op::Post(author, place, nonce) => {
                let nonce = nonce.and_then(|nonce| Nonce::new(format!("n{nonce}")));
                let text = format!("text {number}");
                let command = post(USERS[author], at(author, place), &text, nonce);
                ChatCommand { id: Some(self.ids[number]), ..command }
            }
            Op::Edit(author, place, post, text) => {
                let (room, message) = (at(author, place), self.ids.get(post).copied());
                let content = text.then(|| content(&format!("edited {number}")));
                asked(USERS[author], ChatWrite::Edit { room, message, content })
            }
            Op::Read(reader, place, seq) => {
                asked(USERS[reader], ChatWrite::Read { room: at(reader, place), seq })
            }
            Op::Step(actor, group, step, other) => {
                let who = Who::Id(user(other));
                let step = match step {
                    Step::Rename => GroupStep::Rename(title(&format!("title {number}"))),
                    Step::Add => GroupStep::Add(who),
                    Step::Leave => GroupStep::Leave,
                    Step::Kick => GroupStep::Kick(who),
                    Step::Ban => GroupStep::Ban(who),
                    Step::Unban => GroupStep::Unban(who),
                    Step::Promote => GroupStep::SetRole(who, Role::Moderator),
                    Step::Transfer => GroupStep::Transfer(who),
                    Step::Accept => GroupStep::Accept,
                    Step::Delete => GroupStep::Delete,
                };
                asked(USERS[actor], ChatWrite::Group { group: Some(group_id(group)), step })
            }
            Op::Befriend(actor, verb, other) => {
                asked(USERS[actor], AccountsWrite::Befriend { verb, who: Who::Id(user(other)) })
            }
            Op::Block(..)
            | Op::Delete(_)
            | Op::SweepNonces
            | Op::Introduce(..)
            | Op::Rename(..)
            | Op::LogIn(_)
            | Op::LogOutAll(_)
            | Op::Seen(_)
            | Op::NewHash(_) => return None,
        })
    }

    /// Asks a store to do what is no command.
    fn job(&self, live: &Live, number: usize) -> Answer {
        let (store, now, clock) = (live.store.clone(), live.clock.now(), live.clock.clone());
        let user = |place: usize| id(USERS[place]);
        /// As text: what it gives and tells, or how it failed.
        macro_rules! asked {
            ($job:expr) => {{
                let job = $job;
                Box::pin(async move { format!("{:?}", store.yielded(job).await) })
            }};
        }
        match self.ops[number].clone() {
            Op::Block(me, other, verb) => {
                asked!(chat::block(user(me), Some(user(other)), verb, now))
            }
            Op::Delete(who) => asked!(chat::delete_account(user(who), "hash".to_owned(), clock)),
            Op::SweepNonces => asked!(chat::sweep_nonces(self.ids[number].get(), 100)),
            Op::Introduce(who, other) => {
                let pair = UserPair::new(user(who), user(other)).unwrap();
                asked!(accounts::set_friendship(pair, Friendship::Friends, now))
            }
            Op::Rename(who, new) => {
                let name = Some(name(&format!("name{new}")));
                asked!(accounts::change(user(who), Changes { name, ..Changes::default() }))
            }
            Op::LogIn(who) => {
                let (id, expires_at) = (LoginId::new(&format!("login{number}")), at(i64::MAX));
                let new = NewLogin {
                    id,
                    user: user(who),
                    agent: None,
                    network: None,
                    created_at: now,
                    expires_at,
                };
                asked!(accounts::begin_login(new, "hash".to_owned(), Some(2)))
            }
            Op::LogOutAll(who) => {
                asked!(accounts::end_logins(user(who), Which::AllBut(None), clock))
            }
            Op::Seen(who) => asked!(accounts::set_last_seen(vec![(user(who), now)])),
            Op::NewHash(who) => {
                asked!(accounts::renew_hash(user(who), "hash".to_owned(), "hash".to_owned()))
            }
            other => panic!("{other:?} is a command"),
        }
    }

    /// Whether it must not be in one burst with others: it changes what outcomes of chat depend on, and a job
    /// that touches no rooms may be done before one of rooms that was asked for earlier.
    fn is_alone(&self, number: usize) -> bool {
        matches!(self.ops[number], Op::Introduce(..) | Op::Rename(..))
    }

    /// Does all that of `numbers` at once; what came of each.
    async fn burst(&self, live: &Live, numbers: std::ops::Range<usize>) -> Vec<String> {
        let mut answers: Vec<(usize, Answer)> = Vec::new();
        let mut commands = 0;
        for number in numbers.clone() {
            match self.command(number) {
                Some(command) => {
                    live.store.submit(u64::try_from(number).unwrap(), command).unwrap();
                    commands += 1;
                }
                None => {
                    let mut job = self.job(live, number);
                    // Polled once, and so submitted in its place.
                    let polled = std::future::poll_fn(|task| Poll::Ready(job.as_mut().poll(task)));
                    assert!(polled.await.is_pending());
                    answers.push((number, job));
                }
            }
        }
        let mut came = vec![String::new(); numbers.len()];
        while commands > 0 {
            for (ticket, outcome) in live.next().await {
                let outcome = outcome.map(sorted);
                came[usize::try_from(ticket).unwrap() - numbers.start] = format!("{outcome:?}");
                commands -= 1;
            }
        }
        for (number, answer) in answers {
            came[number - numbers.start] = within(answer).await;
        }
        came
    }
}

/// The same with lists in an order of their own: what a database gives without one may come in any.
fn sorted(mut done: Done) -> Done {
    match &mut done {
        Done::Posted(_, recipients) | Done::Signalled(recipients) => recipients.hidden_from.sort(),
        Done::Edited { recipients, withdrawn_from, .. } => {
            recipients.hidden_from.sort();
            withdrawn_from.sort();
        }
        Done::Read { recipients: Some(recipients), .. } => recipients.hidden_from.sort(),
        Done::Grouped { told, .. } => told.sort(),
        Done::Read { recipients: None, .. }
        | Done::Repeated(_)
        | Done::Befriended { .. }
        | Done::Refused(_) => {}
    }
    done
}

fn group_id(place: usize) -> GroupId {
    GroupId::new(GROUPS[place]).unwrap()
}

fn title(text: &str) -> Title {
    Title::new(text.to_owned()).unwrap()
}

/// Four users, some of them friends, and two groups that three of them are in.
fn furnish(database: &Database) {
    make_users(database, &USERS);
    let seat_all = |conn: &mut Connection| -> Result<(), StoreError> {
        for (low, high) in [(2, 4), (2, 6), (4, 6), (2, 8)] {
            friendships::set(conn, pair(low, high), Friendship::Friends, at(1))?;
        }
        for (place, _) in GROUPS.iter().enumerate() {
            let group = group_id(place);
            rooms::create_group(conn, group)?;
            groups::create(conn, group, "a group", at(1))?;
            for (user, role) in [(2, Role::Owner), (4, Role::Moderator), (6, Role::Member)] {
                groups::seat(
                    conn,
                    group,
                    RosterEntry { user: id(user), role, unaware: false },
                    at(1),
                )?;
            }
        }
        Ok(())
    };
    database.write(seat_all).unwrap();
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Each table with its columns; `room` stands for the room of a row, since ids of direct rooms are minted.
const TABLES: &[(&str, &[&str])] = &[
    ("users", &["id", "name", "name_key", "email", "last_seen_at", "deleted_at"]),
    ("friendships", &["low", "high", "state"]),
    ("rooms", &["low", "high", "edits", "closed"]),
    ("room_groups", &["room_id", "title", "version"]),
    ("members", &["room_id", "user_id", "role", "unaware"]),
    ("authors", &["room_id", "user_id"]),
    ("bans", &["room_id", "user_id"]),
    ("read_marks", &["room", "user_id", "seq"]),
    ("hidings", &["message_id", "reader_id", "withdrawn"]),
    ("blocks", &["blocker_id", "blocked_id", "created_at"]),
    ("lifted_blocks", &["blocker_id", "blocked_id", "created_at"]),
    (
        "messages",
        &[
            "id",
            "room",
            "seq",
            "sent_rev",
            "rev",
            "author_id",
            "edited_at",
            "deleted",
            "hidden",
            "content",
        ],
    ),
    ("group_offers", &["room_id", "maker_id", "heir_id", "hidden"]),
    ("nonces", &["message_id", "author_id", "nonce"]),
    ("logins", &["id", "user_id", "revoked_at"]),
    ("token_voids", &["user_id", "through"]),
];

const ROOM: &str = "(SELECT coalesce(CAST(r.low AS TEXT) || '-' || CAST(r.high AS TEXT), \
                    CAST(r.id AS TEXT)) FROM rooms r WHERE r.id = t.room_id)";

/// All that is stored, a line a row.
fn stored(database: &Database) -> Vec<String> {
    let mut lines = Vec::new();
    for (table, columns) in TABLES {
        let text = |column: &&str| match *column {
            "room" => ROOM.to_owned(),
            column => format!("coalesce(CAST(t.{column} AS TEXT), '-')"),
        };
        let columns: Vec<String> = columns.iter().map(text).collect();
        let row = columns.join(" || ' ' || ");
        let query = format!("SELECT '{table} ' || {row} AS line FROM {table} t ORDER BY 1");
        let rows: Vec<Line> = database
            .read(|conn| {
                Ok(match conn {
                    Connection::Sqlite(sqlite) => sql_query(&query).load(sqlite)?,
                    Connection::Postgres(postgres) => sql_query(&query).load(postgres)?,
                })
            })
            .unwrap();
        lines.extend(rows.into_iter().map(|row| row.line));
    }
    lines
}

on_both! {
    fn no_area_makes_stale_what_another_remembers(db) {
        let cases = if db.is_sqlite() { 64 } else { 24 };
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let ops = prop::collection::vec((op(), prop::bool::weighted(0.9)), 1..80);
        let outcome = TestRunner::new(config).run(&ops, |ops| {
            run(async {
                let (one, other) = (db.another(), db.another());
                let remembering = Live::start(&one);
                let forgetful = other.open();
                furnish(&remembering.database);
                furnish(&forgetful);
                let ids = ops.iter().map(|_| remembering.mint.message().unwrap()).collect();
                let (ops, joins): (Vec<Op>, Vec<bool>) = ops.into_iter().unzip();
                let script = Script { ops, ids };
                let mut from = 0;
                for to in 1..=joins.len() {
                    let is_joined = to < joins.len()
                        && joins[to]
                        && !script.is_alone(to)
                        && !script.is_alone(to - 1);
                    if is_joined {
                        continue;
                    }
                    let came = script.burst(&remembering, from..to).await;
                    let mut expected = Vec::new();
                    for number in from..to {
                        let mint = Arc::clone(&remembering.mint);
                        let fresh = Live::on(forgetful.clone(), other.limits, Arc::new(()), mint);
                        expected.extend(script.burst(&fresh, number..number + 1).await);
                    }
                    assert_eq!(came, expected, "{:?}", &script.ops[from..to]);
                    from = to;
                }
                assert_eq!(stored(&remembering.database), stored(&forgetful));
            });
            Ok(())
        });
        outcome.unwrap();
    }
}
