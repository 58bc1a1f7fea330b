//! What came of a change, spelled out: outcomes as these tests look at them.
//!
//! Recipients are resolved here to the users they are, so each test that looks at them also tests
//! the rule by which they are named.

use tradewind::domain::accounts::event::AccountsEvent;
use tradewind::domain::accounts::friendship::FriendVerb;
use tradewind::domain::accounts::user::User;
use tradewind::domain::chat::event::ChatEvent;
use tradewind::domain::chat::group::GroupChange;
use tradewind::domain::chat::message::Message;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::error::Refusal;
use tradewind::domain::event::Event;
use tradewind::domain::id::UserId;
use tradewind::domain::news::{News, Recipients};
use tradewind::domain::principal::Mailbox;
use tradewind::store::ChatOutcome;

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Posted(Message, Recipients),
    Repeated(Message),
    Edited { message: Message, recipients: Recipients, withdrawn_from: Vec<UserId> },
    Signalled(Recipients),
    Read { room: RoomKey, seq: i64, recipients: Option<Recipients> },
    Grouped { change: Box<GroupChange>, told: Vec<UserId> },
    Befriended { actor: User, other: UserId, verb: FriendVerb, told: bool },
    Refused(Refusal),
}

/// All users who hear of something, whoever did it.
pub fn users_of(recipients: &Recipients) -> Vec<UserId> {
    let user = |mailbox| match mailbox {
        Mailbox::User(user) => user,
        other => panic!("{other:?}"),
    };
    recipients.others(None).map(user).collect()
}

impl From<ChatOutcome> for Done {
    fn from(outcome: ChatOutcome) -> Self {
        let (event, told, before) = match outcome {
            ChatOutcome::Told { news, before } => (news.event.clone(), Some(news), before),
            ChatOutcome::Answered(event) => (event, None, Vec::new()),
            ChatOutcome::Allowed(_, recipients) => return Self::Signalled(recipients),
            ChatOutcome::Refused(refusal) => return Self::Refused(refusal),
        };
        let by = told.as_ref().and_then(|news| news.by);
        let recipients = told.map(|news| news.recipients);
        match event {
            Event::Chat(ChatEvent::MessagePosted(message)) => {
                assert_eq!(by, Some(message.author));
                Self::Posted(message, recipients.expect("told"))
            }
            Event::Chat(ChatEvent::MessageRepeated(message)) => {
                assert_eq!(recipients, None);
                Self::Repeated(message)
            }
            Event::Chat(ChatEvent::MessageEdited(message)) => {
                assert_eq!(by, Some(message.author));
                let withdrawn_from = before.iter().flat_map(|news| withdrawn(news, &message));
                let withdrawn_from = withdrawn_from.collect();
                Self::Edited { message, recipients: recipients.expect("told"), withdrawn_from }
            }
            Event::Chat(ChatEvent::Read { user, room, seq }) => {
                assert_eq!(by, recipients.as_ref().map(|_| user));
                Self::Read { room, seq, recipients }
            }
            Event::Chat(ChatEvent::GroupChanged(change)) => {
                assert_eq!(by, recipients.as_ref().map(|_| change.by));
                let told = recipients.map(|recipients| users_of(&recipients)).unwrap_or_default();
                Self::Grouped { change: Box::new(change), told }
            }
            Event::Accounts(AccountsEvent::Befriended { verb, by: actor, to: other }) => {
                assert_eq!(by, None, "no other session of who has done it hears of it");
                if let Some(recipients) = &recipients {
                    assert_eq!(users_of(recipients), [other]);
                }
                Self::Befriended { actor, other, verb, told: recipients.is_some() }
            }
            event => panic!("{event:?}"),
        }
    }
}

/// From whom a message is withdrawn by news that come before those of the edit.
fn withdrawn(news: &News, edited: &Message) -> Vec<UserId> {
    let gone = Message { content: String::new(), deleted: true, ..edited.clone() };
    assert_eq!((&news.event, news.by), (&ChatEvent::MessageWithdrawn(gone).into(), None));
    users_of(&news.recipients)
}
