//! Publishing: messages and the backlogs they come into, in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::sql_types::{BigInt, Text};

use crate::domain::clock::Timestamp;
use crate::domain::id::{PublishedId, SubscriptionId, TopicId};
use crate::domain::pubsub::event::PubsubEvent;
use crate::domain::pubsub::filter::Filter;
use crate::domain::pubsub::message::{MessageDraft, Publish, PublishedMessage};
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::ids::{published_id, subscription_id};
use crate::store::engine::job::Yield;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::{Refusable, messages, told, topics};

const SUBSCRIPTIONS: &str =
    "SELECT id, filter FROM ps_subscriptions WHERE topic_id = ? AND NOT detached";
const ADD_RANGE: &str = "INSERT INTO ps_backlog (subscription_id, message_id, attempt) \
    SELECT ?, id, 0 FROM ps_messages WHERE id BETWEEN ? AND ?";
const ADD_LIST: &str = "INSERT INTO ps_backlog (subscription_id, message_id, attempt) \
    SELECT ?, list.id, 0 FROM LIST AS list";

/// What became of a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub ids: Vec<PublishedId>,
    /// None if nobody waits for any of it.
    pub event: Option<PubsubEvent>,
}

/// A subscription, and which of the messages are for it: None for all.
type Reached = (SubscriptionId, Option<Arc<[usize]>>);

/// Publishes what several have asked for, all that is for one topic together; what came of each.
pub(super) fn publish_all(
    conn: &mut Connection,
    publishes: &[Publish],
    now: Timestamp,
) -> Result<Yield<Vec<Refusable<Vec<PublishedId>>>>, StoreError> {
    let (mut answers, mut news) = (Vec::with_capacity(publishes.len()), Vec::new());
    for (topic, asked) in by_topic(publishes) {
        let Some(id) = topics::id_of(conn, topic)? else {
            let missing = || Err(PubsubRefusal::not_found(topic));
            answers.extend(asked.iter().map(|(place, _)| (*place, missing())));
            continue;
        };
        let drafts: Vec<_> = asked.iter().flat_map(|(_, one)| one.drafts.iter().cloned()).collect();
        let published = publish(conn, id, &drafts, now)?;
        news.extend(published.event.map(told));
        let mut ids = published.ids.into_iter();
        let own = asked.iter().map(|(place, one)| (*place, one.drafts.len()));
        answers.extend(own.map(|(place, count)| (place, Ok(ids.by_ref().take(count).collect()))));
    }
    answers.sort_by_key(|(place, _)| *place);
    Ok(Yield { answer: answers.into_iter().map(|(_, answer)| answer).collect(), news })
}

/// What is for each topic, with its place among all.
fn by_topic(publishes: &[Publish]) -> Vec<(&TopicName, Vec<(usize, &Publish)>)> {
    let mut topics: Vec<(&TopicName, Vec<(usize, &Publish)>)> = Vec::new();
    let mut known = HashMap::new();
    for one in publishes.iter().enumerate() {
        let topic = &one.1.topic;
        let at = *known.entry(topic).or_insert(topics.len());
        match topics.get_mut(at) {
            Some((_, asked)) => asked.push(one),
            None => topics.push((topic, vec![one])),
        }
    }
    topics
}

/// Publishes messages to a topic that is there.
pub(super) fn publish(
    conn: &mut Connection,
    topic: TopicId,
    drafts: &[Arc<MessageDraft>],
    now: Timestamp,
) -> Result<Published, StoreError> {
    let first = messages::take_ids(conn, now, drafts.len())?;
    let new = drafts.iter().zip(first..).map(|(draft, id)| {
        Ok(Arc::new(PublishedMessage { id: published_id(id)?, draft: Arc::clone(draft) }))
    });
    let new: Arc<[Arc<PublishedMessage>]> = new.collect::<Result<Vec<_>, StoreError>>()?.into();
    let ids = new.iter().map(|message| message.id).collect();
    let waiting = waiting(conn, topic, drafts)?;
    if waiting.is_empty() {
        return Ok(Published { ids, event: None });
    }
    let is_for_all = waiting.iter().any(|(_, some)| some.is_none());
    let is_wanted = |at: usize| {
        is_for_all
            || waiting.iter().any(|(_, some)| some.as_ref().is_some_and(|some| some.contains(&at)))
    };
    let kept: Vec<&PublishedMessage> = new
        .iter()
        .enumerate()
        .filter(|(at, _)| is_wanted(*at))
        .map(|(_, message)| &**message)
        .collect();
    messages::insert(conn, topic, &kept)?;
    for (subscription, some) in &waiting {
        add(conn, *subscription, &new, some.as_deref())?;
    }
    Ok(Published { ids, event: Some(PubsubEvent::Published { messages: new, waiting }) })
}

/// The subscriptions for which there is something.
fn waiting(
    conn: &mut Connection,
    topic: TopicId,
    drafts: &[Arc<MessageDraft>],
) -> Result<Vec<Reached>, StoreError> {
    let values = [Value::Int(topic.get())];
    let rows: Vec<(i64, String)> =
        Statement::<(BigInt, Text)>::new(SUBSCRIPTIONS, &values).load(conn)?;
    let mut waiting = Vec::with_capacity(rows.len());
    for (id, filter) in rows {
        let subscription = subscription_id(id)?;
        let corrupt = |_| StoreError::Corrupt { what: "a filter that is none, of", value: id };
        let Some(filter) = Filter::parse(&filter).map_err(corrupt)? else {
            waiting.push((subscription, None));
            continue;
        };
        let matching: Arc<[usize]> = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| filter.matches(&draft.attributes))
            .map(|(at, _)| at)
            .collect();
        if !matching.is_empty() {
            waiting.push((subscription, Some(matching)));
        }
    }
    Ok(waiting)
}

/// Adds to the backlog of a subscription.
fn add(
    conn: &mut Connection,
    subscription: SubscriptionId,
    new: &[Arc<PublishedMessage>],
    some: Option<&[usize]>,
) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(()) };
    let Some(some) = some else {
        let values = [subscription.get(), first.id.get(), last.id.get()].map(Value::Int);
        return Statement::<()>::new(ADD_RANGE, &values).run(conn);
    };
    let ids: Vec<i64> =
        some.iter().filter_map(|at| new.get(*at)).map(|message| message.id.get()).collect();
    let list = IdList::new(conn, &ids);
    let values = [Value::Int(subscription.get()), list.value()];
    Statement::<()>::new(list.sql(ADD_LIST), &values).run(conn)
}

/// Whether a topic has a subscription.
pub(super) fn is_heard(conn: &mut Connection, topic: TopicId) -> Result<bool, StoreError> {
    let values = [Value::Int(topic.get())];
    let rows: Vec<(i64, String)> =
        Statement::<(BigInt, Text)>::new(SUBSCRIPTIONS, &values).load(conn)?;
    Ok(!rows.is_empty())
}
