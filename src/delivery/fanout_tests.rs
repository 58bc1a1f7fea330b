use std::collections::BTreeMap;

use super::*;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, MessageId};
use crate::domain::news::{Circle, Membership};
use crate::wire::Frame;
use crate::wire::fixtures::{PLAIN, dialects};

fn user(raw: i64) -> UserId {
    UserId::new(raw).unwrap()
}

fn owner(mailbox: Mailbox) -> UserId {
    let Mailbox::User(user) = mailbox else { panic!("{mailbox:?}") };
    user
}

/// A user's only one.
fn session(user: UserId) -> SessionId {
    SessionId(user.get().unsigned_abs())
}

/// A message with an id, which is found in what is told of it.
fn posted(id: i64) -> ChatEvent {
    ChatEvent::MessagePosted(Message {
        id: MessageId::new(id).unwrap(),
        room: RoomKey::direct(user(2), user(4)).unwrap(),
        author: user(2),
        seq: 1,
        rev: 1,
        content: "hello".to_owned(),
        created_at: Timestamp::from_millis(0),
        edited_at: None,
        deleted: false,
        hidden: false,
        nonce: None,
    })
}

fn room(members: &[i64], hidden_from: &[i64]) -> Recipients {
    let users = members.iter().copied().map(user).collect();
    // A room is known by its first member here, as a group is by its version.
    let version = members.first().copied().unwrap_or_default();
    let membership = Membership { group: GroupId::new(7).unwrap(), version, gone: None, users };
    let hidden_from = hidden_from.iter().copied().map(user).collect();
    Recipients { circle: Circle::Group(membership), hidden_from }
}

/// Done by a user's session, in a request with the number of the message.
fn by(raw: i64, request: u64) -> (UserId, Option<(SessionId, u64)>) {
    (user(raw), Some((session(user(raw)), request)))
}

impl Fanout {
    /// Tells what a user has done in a room.
    fn tell_room(
        &mut self,
        event: ChatEvent,
        recipients: &Recipients,
        (by, asker): (UserId, Option<(SessionId, u64)>),
    ) {
        let (event, recipients) = (event.into(), recipients.clone());
        self.tell(News { event, by: Some(by), recipients }, asker);
    }
}

/// What each session gets: `7` for the news of message 7, `=7` for the answer to request 7.
fn told(fanout: Fanout) -> BTreeMap<u64, String> {
    let id = |frame: &Frame| {
        let frame: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
        frame["payload"]["id"].as_str().unwrap().to_owned()
    };
    let mut told = BTreeMap::new();
    fanout.deliver(
        &dialects(),
        |mailbox| [(session(owner(mailbox)), PLAIN)].into_iter(),
        |session, deliver| {
            let words: Vec<String> = match deliver {
                Deliver::Shared(news) => news.frames().iter().map(id).collect(),
                Deliver::Own(items) => items
                    .iter()
                    .map(|item| match item {
                        Delivery::Push(frame) => id(frame),
                        Delivery::Answer(request, _) => format!("={request}"),
                        other => panic!("{other:?}"),
                    })
                    .collect(),
            };
            assert!(told.insert(session.0, words.join(" ")).is_none(), "once a session");
        },
    );
    told
}

fn expected<const N: usize>(lines: [(u64, &str); N]) -> BTreeMap<u64, String> {
    lines.map(|(session, words)| (session, words.to_owned())).into()
}

#[test]
fn users_who_are_told_the_same_share_one_list() {
    let mut fanout = Fanout::default();
    let (first, second) = (fanout.event(posted(1)), fanout.event(posted(2)));
    for (event, users) in [(first, &[4, 6, 8][..]), (second, &[8, 10])] {
        for raw in users {
            fanout.push(event, (user(*raw), Viewer::Peer), None);
        }
    }
    let mut told = Vec::new();
    fanout.deliver(
        &dialects(),
        |mailbox| [(session(owner(mailbox)), PLAIN)].into_iter(),
        |_, deliver| match deliver {
            Deliver::Shared(news) => told.push(news),
            Deliver::Own(items) => panic!("{items:?}"),
        },
    );
    let [four, six, eight, ten] = &told[..] else { panic!("{told:?}") };
    assert!(four.is(six) && !four.is(eight) && !eight.is(ten));
    let counts = [four, eight, ten].map(|news| news.frames().len());
    assert_eq!(counts, [1, 2, 1]);
}

#[test]
fn what_happens_in_a_room_is_one_run_whoever_does_it() {
    let mut fanout = Fanout::default();
    let room = room(&[2, 4, 6, 8], &[]);
    for (id, author) in [(1, 4), (2, 6), (3, 4), (4, 4)] {
        fanout.tell_room(posted(id), &room, by(author, id.unsigned_abs()));
    }
    assert_eq!((fanout.runs.len(), fanout.lists.len()), (1, 4));
    assert!(fanout.lists.iter().all(|(_, list)| list.len() == 1));
    let lines = [(2, "1 2 3 4"), (4, "=1 2 =3 =4"), (6, "1 =2 3 4"), (8, "1 2 3 4")];
    assert_eq!(told(fanout), expected(lines));
}

#[test]
fn a_run_ends_where_anything_else_happens_and_the_order_is_kept() {
    let mut fanout = Fanout::default();
    let (one, other) = (room(&[2, 4, 6], &[]), room(&[4, 6, 8], &[]));
    fanout.tell_room(posted(1), &one, by(2, 1));
    fanout.tell_room(posted(2), &other, by(8, 2));
    fanout.tell_room(posted(3), &one, by(2, 3));
    let event = fanout.event(posted(4));
    fanout.push(event, (user(4), Viewer::Peer), None);
    fanout.tell_room(posted(5), &one, by(2, 5));
    assert_eq!(fanout.runs.len(), 4);
    let lines = [(2, "=1 =3 =5"), (4, "1 2 3 4 5"), (6, "1 2 3 5"), (8, "=2")];
    assert_eq!(told(fanout), expected(lines));
}

#[test]
fn from_whom_it_is_hidden_and_who_is_no_member_any_more_hear_what_is_theirs() {
    let mut fanout = Fanout::default();
    let members = [2, 4, 6];
    fanout.tell_room(posted(1), &room(&members, &[6]), by(2, 1));
    fanout.tell_room(posted(2), &room(&members, &[]), by(4, 2));
    // Answered, though not one of those who are told.
    fanout.tell_room(posted(3), &room(&members, &[]), by(10, 3));
    fanout.tell_room(posted(4), &room(&members, &[]), by(10, 4));
    // Nobody is answered.
    fanout.tell_room(posted(5), &room(&members, &[]), (user(4), None));
    // Hidden from who has done it.
    fanout.tell_room(posted(6), &room(&members, &[6]), by(6, 6));
    fanout.tell_room(posted(7), &room(&members, &[6]), by(2, 7));
    fanout.tell_room(posted(8), &room(&members, &[6]), by(6, 8));
    let lines =
        [(2, "=1 2 3 4 5 6 =7 8"), (4, "1 =2 3 4 5 6 7 8"), (6, "2 3 4 5 =6 =8"), (10, "=3 =4")];
    assert_eq!(told(fanout), expected(lines));
}
