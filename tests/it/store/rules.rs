//! Every rule of writing, as it comes out of the store.

use tradewind::domain::accounts::command::AccountsWrite;
use tradewind::domain::accounts::friendship::{DmPolicy, FriendVerb, Friendship};
use tradewind::domain::accounts::refusal::AccountsRefusal;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::error::Refusal;
use tradewind::domain::id::MessageId;
use tradewind::store::accounts::friendships;
use tradewind::store::chat::history::{Before, Page, history};

use super::harness::*;

on_both! {
    fn who_may_be_written_to(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6, 8]);
            befriend(&live.database, 2, 6, Friendship::Friends);
            befriend(&live.database, 2, 8, Friendship::RequestedByLow);
            use DmPolicy::{Anyone, Friends};
            let refused = Some(Refusal::Chat(ChatRefusal::NoSuchPeer));
            let table = [
                (None, Anyone, refused),
                (Some(2), Anyone, refused),
                (Some(100), Anyone, refused),
                (Some(4), Friends, refused),
                (Some(8), Friends, refused),
                (Some(4), Anyone, None),
                (Some(6), Friends, None),
            ];
            for (peer, dm_policy, expected) in table {
                let done = live.among(dm_policy).apply(post(2, room(2, peer), "hello", None)).await;
                match done {
                    Done::Posted(message, _) => {
                        assert_eq!(expected, None);
                        assert_eq!(Some(message.room), room(2, peer));
                        assert_eq!((message.author, message.content.as_str()), (id(2), "hello"));
                        assert_eq!((message.edited_at, message.deleted), (None, false));
                    }
                    done => assert_eq!(Some(done), expected.map(Done::Refused)),
                }
            }
            assert_eq!(live.counters(2, 4), Some((1, 1)));
            assert_eq!(live.counters(2, 8), None, "a refusal makes no room");
        });
    }

    fn seq_rev_and_time_have_no_holes_and_no_ties(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let mut last = at(0);
            // The clock stands, steps back, and goes on.
            for (seq, step) in (1..).zip([0, 0, -5_000, 0, 3, 20_000]) {
                live.clock.step(step);
                let (from, to) = if seq % 2 == 0 { (2, 4) } else { (4, 2) };
                let message = live.posted(from, to, "x").await;
                assert_eq!((message.seq, message.rev), (seq, 2 * seq - 1));
                assert!(message.created_at > last);
                last = message.created_at;
                let Done::Edited { message: edited, .. } = live.edit(from, to, message.id, Some("y")).await else {
                    panic!("refused");
                };
                assert_eq!((edited.seq, edited.rev), (seq, 2 * seq));
                assert_eq!(edited.created_at, message.created_at);
                assert!(edited.edited_at.unwrap() > edited.created_at);
            }
            assert_eq!(live.counters(2, 4), Some((6, 12)));
        });
    }

    fn what_may_be_edited(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            let own = live.posted(2, 4, "own").await.id;
            let theirs = live.posted(4, 2, "theirs").await.id;
            let gone = live.posted(2, 4, "gone").await.id;
            assert!(matches!(live.edit(2, 4, gone, None).await, Done::Edited { .. }));
            let (message, peer) = (Some(Refusal::Chat(ChatRefusal::NoSuchMessage)), Some(Refusal::Chat(ChatRefusal::NoSuchPeer)));
            use DmPolicy::{Anyone, Friends};
            let table = [
                ("unknown", MessageId::new(1), Some(4), Some("new"), Anyone, message),
                ("nobody's id", None, Some(4), Some("new"), Anyone, message),
                ("not mine", Some(theirs), Some(4), Some("new"), Anyone, message),
                ("another room", Some(own), Some(6), Some("new"), Anyone, message),
                ("nobody's room", Some(own), None, Some("new"), Anyone, message),
                ("room with oneself", Some(own), Some(2), Some("new"), Anyone, message),
                ("edit deleted", Some(gone), Some(4), Some("new"), Anyone, message),
                ("delete deleted", Some(gone), Some(4), None, Anyone, message),
                ("edit, no friend", Some(own), Some(4), Some("new"), Friends, peer),
                ("edit", Some(own), Some(4), Some("new"), Anyone, None),
                ("delete, no friend", Some(own), Some(4), None, Friends, None),
            ];
            for (case, message, peer, text, dm_policy, expected) in table {
                let before = live.counters(2, 4).unwrap();
                let (room, content) = (room(2, peer), text.map(content));
                let edit = asked(2, ChatWrite::Edit { room, message, content });
                match live.among(dm_policy).apply(edit).await {
                    Done::Edited { message, .. } => {
                        assert_eq!(expected, None, "{case}");
                        assert_eq!(message.content, text.unwrap_or_default(), "{case}");
                        assert_eq!(message.deleted, text.is_none(), "{case}");
                        assert_eq!(live.counters(2, 4), Some((before.0, before.1 + 1)), "{case}");
                    }
                    done => {
                        assert_eq!(Some(done), expected.map(Done::Refused), "{case}");
                        assert_eq!(live.counters(2, 4), Some(before), "{case}");
                    }
                }
            }
        });
    }

    fn friendship_in_every_state(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            use FriendVerb::{Accept, Discard, End, Request};
            use AccountsRefusal::{AlreadyFriend, AlreadyRequested, NoSuchName, NotFriend, NotRequested, Oneself};
            let table = [
                (2, Request, "nobody", Err(NoSuchName)),
                (2, Request, "a\0b", Err(NoSuchName)),
                (2, Request, "user2", Err(Oneself)),
                (2, Accept, "user2", Err(NotRequested)),
                (2, Discard, "user2", Err(NotRequested)),
                (2, End, "user2", Err(NotFriend)),
                (2, Accept, "user4", Err(NotRequested)),
                (4, Request, "user2", Ok(true)),
                (4, Request, "user2", Ok(false)),
                (2, Request, "user4", Err(AlreadyRequested)),
                (2, Discard, "user4", Ok(true)),
                (2, Request, "user4", Ok(true)),
                (2, Accept, "user4", Err(NotRequested)),
                (4, Accept, "user2", Ok(true)),
                (4, Request, "user2", Err(AlreadyFriend)),
                (2, End, "user4", Ok(true)),
                (4, End, "user2", Err(NotFriend)),
            ];
            for (actor, verb, name, expected) in table {
                let case = format!("{actor} {verb:?} {name}");
                let who = Who::Named(name.to_owned());
                let done = live.apply(asked(actor, AccountsWrite::Befriend { verb, who })).await;
                match (done, expected) {
                    (Done::Befriended { actor: who, other, verb: what, told }, Ok(expected)) => {
                        assert_eq!((who.id, what, told), (id(actor), verb, expected), "{case}");
                        assert_eq!(other, id(6 - actor), "{case}");
                    }
                    (done, Err(refusal)) => {
                        assert_eq!(done, Done::Refused(refusal.into()), "{case}");
                    },
                    (done, Ok(_)) => panic!("{case}: {done:?}"),
                }
            }
        });
    }

    fn a_day_holds_so_many_requests_and_the_next_as_many_again(db) {
        let db = db.allowing(|limits| limits.friend_requests_per_day = Some(2));
        run(async {
            const DAY: i64 = 24 * 60 * 60 * 1_000_000;
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6, 8, 10]);
            let act = async |actor: i64, verb: FriendVerb, other: i64| {
                let who = Who::Id(id(other));
                live.apply(asked(actor, AccountsWrite::Befriend { verb, who })).await
            };
            let ask = async |actor: i64, other: i64| act(actor, FriendVerb::Request, other).await;
            let is_done = |done: &Done| matches!(done, Done::Befriended { .. });
            assert!(is_done(&ask(2, 4).await));
            live.clock.step(DAY / 4);
            // What changes nothing and what is refused for another reason is not counted.
            assert!(is_done(&ask(2, 4).await));
            assert_eq!(ask(4, 2).await, Done::Refused(Refusal::Accounts(AccountsRefusal::AlreadyRequested)));
            assert!(is_done(&act(2, FriendVerb::Withdraw, 4).await));
            assert!(is_done(&ask(2, 4).await));
            live.clock.step(DAY / 4);
            let half = u64::try_from(DAY / 2_000).unwrap() + 1;
            let too_often = Done::Refused(Refusal::Accounts(AccountsRefusal::TooOften { retry_after_ms: half }));
            assert_eq!(ask(2, 6).await, too_often);
            assert!(is_done(&ask(8, 6).await), "each has a day of his own");
            live.clock.step(DAY / 2 - 1);
            assert!(matches!(ask(2, 6).await, Done::Refused(Refusal::Accounts(AccountsRefusal::TooOften { .. }))));
            live.clock.step(1);
            assert!(is_done(&ask(2, 6).await));
            assert!(is_done(&ask(2, 8).await) || live.counters(2, 8).is_none());
            assert!(matches!(ask(2, 10).await, Done::Refused(Refusal::Accounts(AccountsRefusal::TooOften { .. }))));
            // The clock was ahead.
            live.clock.step(-2 * DAY);
            assert!(is_done(&ask(2, 10).await));
        });
    }

    fn crossing_requests_leave_exactly_one(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let ask = |actor, name: &str| {
                let who = Who::Named(name.to_owned());
                asked(actor, AccountsWrite::Befriend { verb: FriendVerb::Request, who })
            };
            live.store.submit(0, ask(2, "user4")).unwrap();
            live.store.submit(1, ask(4, "user2")).unwrap();
            let mut outcomes = live.next().await;
            if outcomes.len() == 1 {
                outcomes.extend(live.next().await);
            }
            assert!(matches!(outcomes[0], (0, Ok(Done::Befriended { told: true, .. }))));
            let refused = Done::Refused(Refusal::Accounts(AccountsRefusal::AlreadyRequested));
            assert_eq!((outcomes[1].0, outcomes[1].1.as_ref().unwrap()), (1, &refused));
            let database = &live.database;
            let to = |who| database.read(|conn| friendships::requests_to(conn, &[id(who)])).unwrap().remove(&id(who)).unwrap_or_default();
            assert_eq!((to(4).len(), to(2).len()), (1, 0));
        });
    }

    fn pairs_of_equal_xor_see_nothing_of_each_other(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 8, 14]);
            live.posted(2, 4, "to 4").await;
            live.posted(14, 8, "to 8").await;
            for (me, peer, text) in [(2, 4, "to 4"), (4, 2, "to 4"), (8, 14, "to 8"), (14, 8, "to 8")] {
                let page = Page {
                    me: id(me),
                    room: room(me, Some(peer)),
                    before: Before::Moment(at(i64::MAX)),
                    count: 10,
                    named: false,
                };
                let slice = live.database.read(|conn| history(conn, &page, DmPolicy::Anyone, 1_000)).unwrap();
                let messages = slice.unwrap().messages;
                let texts: Vec<&str> = messages.iter().map(|m| m.content.as_str()).collect();
                assert_eq!(texts, [text]);
                assert_eq!(messages[0].seq, 1);
            }
        });
    }
}
