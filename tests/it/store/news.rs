//! The news of commands and of jobs, as whoever listens beside the hub hears them: plain values, in the order
//! of the commits.

use actix::{Actor, Context, Handler};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::accounts::command::AccountsWrite;
use tradewind::domain::accounts::event::AccountsEvent;
use tradewind::domain::accounts::friendship::{FriendVerb, Friendship};
use tradewind::domain::accounts::login::{LoginId, Revocation, Void, Which};
use tradewind::domain::accounts::user::User;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::event::ChatEvent;
use tradewind::domain::chat::group::{GroupStep, GroupVerb, Title};
use tradewind::domain::chat::message::{Message, Nonce};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::event::Event;
use tradewind::domain::id::UserId;
use tradewind::domain::news::{Circle, Membership, News, Recipients};
use tradewind::store::accounts::logins::NewLogin;
use tradewind::store::accounts::writes as accounts;
use tradewind::store::chat::writes as chat;
use tradewind::store::{BatchEntry, ChatOutcome, Committed};

use super::harness::*;

/// One who only listens.
struct Tap(UnboundedSender<News>);

impl Actor for Tap {
    type Context = Context<Self>;
}

impl Handler<Committed> for Tap {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        for entry in committed.entries.iter().cloned() {
            let news: Vec<News> = match entry {
                BatchEntry::Command(_, Ok(ChatOutcome::Told { news, before })) => {
                    before.into_iter().chain([news]).collect()
                }
                BatchEntry::Command(..) | BatchEntry::Unsettled => Vec::new(),
                BatchEntry::Job(news) => news,
            };
            news.into_iter().for_each(|news| self.0.send(news).unwrap_or_default());
        }
    }
}

/// A store, and all that is told.
struct Heard {
    live: Live,
    news: UnboundedReceiver<News>,
}

impl Heard {
    fn start(db: &TestDb, users: &[i64]) -> Self {
        let live = Live::start(db);
        make_users(&live.database, users);
        let (sender, news) = unbounded_channel();
        live.store.subscribe(Tap(sender).start().recipient());
        Self { live, news }
    }

    /// The next that was told.
    async fn next(&mut self) -> News {
        within(self.news.recv()).await.expect("the store lives")
    }

    /// What was told up to now, once a message has been told after it.
    async fn rest(&mut self) -> Vec<News> {
        let last = self.live.posted(2, 4, "the last").await;
        let mut rest = Vec::new();
        loop {
            let news = self.next().await;
            if news.event == ChatEvent::MessagePosted(last.clone()).into() {
                return rest;
            }
            rest.push(news);
        }
    }
}

fn to_pair(by: i64, event: ChatEvent, hidden_from: &[i64]) -> News {
    let hidden_from = hidden_from.iter().copied().map(id).collect();
    let recipients = Recipients { circle: Circle::Pair(pair(2, 4)), hidden_from };
    News { event: event.into(), by: Some(id(by)), recipients }
}

fn user(raw: i64) -> User {
    User { id: id(raw), name: format!("user{raw}"), profile: None }
}

fn befriended(by: i64, to: i64) -> News {
    let (verb, by, to) = (FriendVerb::Request, user(by), id(to));
    News::to(vec![to.into()], AccountsEvent::Befriended { verb, by, to })
}

/// What is told of all log-ins that a user ends now.
fn ended(live: &Live, raw: i64, logins: Vec<LoginId>) -> News {
    let logins = logins.into_iter().map(|login| (login, at(i64::MAX))).collect();
    let void = Some(Void { through: live.clock.now(), kept: None });
    let revocation = Revocation { user: id(raw), logins, void };
    News::to(vec![id(raw).into()], AccountsEvent::LoginsEnded(revocation))
}

/// User 4 blocks user 2, or does not any more.
async fn block(live: &Live, verb: BlockVerb) {
    let block = chat::block(id(4), Some(id(2)), verb, at(1));
    live.store.run(block).await.unwrap().unwrap();
}

on_both! {
    fn a_message_is_told_to_the_pair_as_are_its_edits_and_marks(db) {
        run(async {
            let mut heard = Heard::start(&db, &[2, 4]);
            let message = heard.live.posted(2, 4, "text").await;
            assert_eq!(heard.next().await, to_pair(2, ChatEvent::MessagePosted(message.clone()), &[]));
            let read = asked(4, ChatWrite::Read { room: room(4, Some(2)), seq: 1 });
            heard.live.apply(read.clone()).await;
            let mark = ChatEvent::Read { user: id(4), room: message.room, seq: 1 };
            assert_eq!(heard.next().await, to_pair(4, mark, &[]));
            // What is so already, what is refused and what is sent again is told to nobody.
            heard.live.apply(read).await;
            heard.live.edit(4, 2, message.id, Some("not mine")).await;
            let again = |nonce: &str| {
                post(2, room(2, Some(4)), "once", Nonce::new(nonce.to_owned()))
            };
            let (first, second) = (again("n"), again("n"));
            heard.live.apply(first).await;
            heard.live.apply(second).await;
            assert!(matches!(heard.next().await.event, Event::Chat(ChatEvent::MessagePosted(_))));
            // Under a block the edit is hidden, and the message is taken from the blocker's sight.
            block(&heard.live, BlockVerb::Block).await;
            heard.live.edit(2, 4, message.id, Some("hidden")).await;
            let withdrawn = heard.next().await;
            let edited = heard.next().await;
            let Event::Chat(ChatEvent::MessageEdited(now)) = &edited.event else { panic!("{edited:?}") };
            let gone = Message { content: String::new(), deleted: true, ..now.clone() };
            assert_eq!(withdrawn, News::to(vec![id(4).into()], ChatEvent::MessageWithdrawn(gone)));
            assert_eq!(edited, to_pair(2, ChatEvent::MessageEdited(now.clone()), &[4]));
            assert_eq!(heard.rest().await, []);
        });
    }

    fn what_is_done_to_a_group_is_told_to_a_version_of_its_members(db) {
        run(async {
            let mut heard = Heard::start(&db, &[2, 4]);
            befriend(&heard.live.database, 2, 4, Friendship::Friends);
            let step = async |actor: i64, group, step| {
                heard.live.apply(asked(actor, ChatWrite::Group { group, step })).await
            };
            let title = Title::new("T".to_owned()).unwrap();
            let Done::Grouped { change, .. } = step(2, None, GroupStep::Create(title)).await else { panic!() };
            let group = change.group.id;
            step(2, Some(group), GroupStep::Add(Who::Id(id(4)))).await;
            heard.live.apply(post(4, Some(RoomKey::Group(group)), "text", None)).await;
            step(4, Some(group), GroupStep::Leave).await;
            let verb = |news: &News| match &news.event {
                Event::Chat(ChatEvent::GroupChanged(change)) => Some(change.verb),
                Event::Chat(_) | Event::Accounts(_) | Event::Apps(_) | Event::Pubsub(_) => None,
            };
            let created = heard.next().await;
            assert_eq!((verb(&created), created.recipients), (Some(GroupVerb::Create), Recipients::of(vec![id(2).into()])));
            let rule = |version, gone: Option<UserId>, users: &[i64]| {
                let users = users.iter().copied().map(id).collect();
                Recipients::all(Circle::Group(Membership { group, version, gone, users }))
            };
            // A first message makes a version, too: its author is one who has written.
            for (done, by, version, gone, all) in [
                (Some(GroupVerb::Add), 2, 2, None, &[2, 4][..]),
                (None, 4, 3, None, &[2, 4]),
                (Some(GroupVerb::Leave), 4, 4, Some(id(4)), &[2]),
            ] {
                let news = heard.next().await;
                let expected = rule(version, gone, all);
                assert_eq!((verb(&news), news.by, &news.recipients), (done, Some(id(by)), &expected));
                assert!(news.recipients.others(None).eq(expected.others(None)), "the list has come along");
            }
            assert_eq!(heard.rest().await, []);
        });
    }

    fn jobs_tell_what_they_have_done_in_the_order_of_commits(db) {
        run(async {
            let mut heard = Heard::start(&db, &[2, 4]);
            let request = |actor: i64, other: i64| {
                let who = Who::Id(id(other));
                asked(actor, AccountsWrite::Befriend { verb: FriendVerb::Request, who })
            };
            // A request that a block hides is told when the block is lifted.
            block(&heard.live, BlockVerb::Block).await;
            heard.live.apply(request(2, 4)).await;
            let between = heard.live.posted(4, 2, "between").await;
            block(&heard.live, BlockVerb::Unblock).await;
            assert_eq!(heard.next().await, to_pair(4, ChatEvent::MessagePosted(between), &[]));
            assert_eq!(heard.next().await, befriended(2, 4));
            // Log-ins that end.
            let login = LoginId::new("login");
            let (store, now) = (heard.live.store.clone(), heard.live.clock.now());
            let new = NewLogin {
                id: login.clone(),
                user: id(4),
                agent: None,
                network: None,
                created_at: now,
                expires_at: at(i64::MAX),
            };
            store.run(accounts::issue_login(new, None)).await.unwrap();
            let end = accounts::end_logins(id(4), Which::AllBut(None), heard.live.clock.clone());
            assert_eq!(store.run(end).await.unwrap(), 1);
            assert_eq!(heard.next().await, ended(&heard.live, 4, vec![login]));
            // An account that is deleted.
            let delete = |hash: &str| chat::delete_account(id(4), hash.to_owned(), heard.live.clock.clone());
            assert!(store.run(delete("another")).await.unwrap().is_err());
            let yielded = store.yielded(delete("hash")).await.unwrap();
            assert_eq!(yielded.answer, Ok(()));
            let told = ended(&heard.live, 4, Vec::new());
            assert_eq!((&yielded.news, heard.next().await), (&vec![told.clone()], told));
        });
    }
}
