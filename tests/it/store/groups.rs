//! Groups in the store: what is left of one that has ended, and of a member who has gone for good.

use tradewind::domain::accounts::friendship::Friendship;
use tradewind::domain::accounts::user::User;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::event::ChatEvent;
use tradewind::domain::chat::group::{GroupStep, GroupVerb, Role, Title};
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::error::Refusal;
use tradewind::domain::event::Event;
use tradewind::domain::id::GroupId;
use tradewind::jobs::sweeps::ended_groups;
use tradewind::store::accounts::friendships;
use tradewind::store::chat::{departures, groups, messages, offers, rooms};

use super::done::users_of;
use super::harness::*;

async fn step(live: &Live, actor: i64, group: Option<GroupId>, step: GroupStep) -> Done {
    live.apply(asked(actor, ChatWrite::Group { group, step })).await
}

async fn create(live: &Live, owner: i64) -> GroupId {
    let title = Title::new("a group".to_owned()).unwrap();
    match step(live, owner, None, GroupStep::Create(title)).await {
        Done::Grouped { change, .. } => change.group.id,
        done => panic!("{done:?}"),
    }
}

async fn add(live: &Live, actor: i64, group: GroupId, user: i64) {
    let befriend =
        |conn: &mut _| friendships::set(conn, pair(actor, user), Friendship::Friends, at(1));
    live.database.write(befriend).unwrap();
    let added = step(live, actor, Some(group), GroupStep::Add(Who::Id(id(user)))).await;
    assert!(matches!(added, Done::Grouped { .. }), "{added:?}");
}

async fn say(live: &Live, author: i64, group: GroupId, text: &str) -> Done {
    live.apply(post(author, Some(RoomKey::Group(group)), text, None)).await
}

on_both! {
    fn nothing_is_left_of_a_group_that_has_ended(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let (ended, kept) = (create(&live, 2).await, create(&live, 2).await);
            let Done::Posted(old, _) = say(&live, 2, ended, "old").await else { panic!() };
            let Done::Posted(new, _) = say(&live, 2, kept, "new").await else { panic!() };
            assert_eq!(sweep(&live.store, &ended_groups(), live.clock.now()).await, 0);
            let deleted = step(&live, 2, Some(ended), GroupStep::Delete).await;
            assert!(matches!(deleted, Done::Grouped { .. }), "{deleted:?}");
            // The message and the room.
            assert_eq!(sweep(&live.store, &ended_groups(), live.clock.now()).await, 2);
            let read = |conn: &mut _| {
                let room = rooms::of_group(conn, ended)?;
                Ok((room, messages::find(conn, old.id)?, messages::find(conn, new.id)?))
            };
            assert_eq!(live.database.read(read).unwrap(), (None, None, Some(new)));
        });
    }

    fn what_one_owned_passes_on_when_he_goes_for_good(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            let (group, alone) = (create(&live, 2).await, create(&live, 2).await);
            add(&live, 2, group, 4).await;
            add(&live, 2, group, 6).await;
            let role = GroupStep::SetRole(Who::Id(id(6)), Role::Moderator);
            assert!(matches!(step(&live, 2, Some(group), role).await, Done::Grouped { .. }));
            let user = User { id: id(2), name: "user2".to_owned(), profile: None };
            let departures = live.database.write(|conn| departures::depart(conn, &user)).unwrap();
            let told: Vec<_> = departures.iter().map(|news| users_of(&news.recipients)).collect();
            assert_eq!(told, [[id(4), id(6)]]);
            let Event::Chat(ChatEvent::GroupChanged(change)) = &departures[0].event else { panic!() };
            assert_eq!((change.group.owner, departures[0].by), (id(6), None));
            let read = |conn: &mut _| Ok((groups::roster(conn, group)?, groups::head(conn, alone)?));
            let (roster, gone) = live.database.read(read).unwrap();
            assert_eq!((roster.owner(), roster.seats.len(), gone), (Some(id(6)), 2, None));
        });
    }

    fn an_offer_is_void_after_seven_days(db) {
        run(async {
            const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000_000;
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            for (waited, expected) in [(WEEK - 1, None), (WEEK, Some(Refusal::Chat(ChatRefusal::NotOffered)))] {
                let group = create(&live, 2).await;
                add(&live, 2, group, 4).await;
                let offer = GroupStep::Transfer(Who::Id(id(4)));
                match step(&live, 2, Some(group), offer).await {
                    Done::Grouped { change, told } => {
                        assert_eq!((change.verb, told), (GroupVerb::Offer, vec![id(2), id(4)]));
                    }
                    done => panic!("{done:?}"),
                }
                live.clock.step(waited);
                let (now, read) = (live.clock.now(), &live.database);
                let listed = read.read(|conn| offers::to(conn, id(4), now)).unwrap();
                assert_eq!(listed.len(), usize::from(expected.is_none()));
                let done = step(&live, 4, Some(group), GroupStep::Accept).await;
                match (done, expected) {
                    (Done::Grouped { change, .. }, None) => assert_eq!(change.group.owner, id(4)),
                    (done, refusal) => assert_eq!(Some(done), refusal.map(Done::Refused)),
                }
            }
        });
    }
}
