//! What can be looked up of Pub/Sub: each for [`Store::read`](crate::store::Store::read).

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::chat::following::RoomPlace;
use crate::domain::clock::Timestamp;
use crate::domain::id::{BridgeId, PublishedId, RoomId, SubscriptionId, TopicId};
use crate::domain::pubsub::bridge::Bridge;
use crate::domain::pubsub::message::PublishedMessage;
use crate::domain::pubsub::name::{ProjectName, SnapshotName, SubscriptionName, TopicName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::received::KeptPush;
use crate::domain::pubsub::snapshot::Snapshot;
use crate::domain::pubsub::subscription::Subscription;
use crate::domain::pubsub::topic::PublishTopic;
use crate::store::engine::job::ReadOp;
use crate::store::pubsub::backlog::BacklogPage;
use crate::store::pubsub::{
    backlog, bridges, messages, received, snapshots, subscriptions, sweeps, topics,
};

/// The topic with a name.
pub fn topic(name: TopicName) -> impl ReadOp<Option<PublishTopic>> {
    move |conn| topics::find(conn, &name)
}

/// A page of the topics of a project.
pub fn topics(project: ProjectName, asked: ListAsked) -> impl ReadOp<ListPage<PublishTopic>> {
    move |conn| topics::page(conn, &project, &asked)
}

/// A page of the subscriptions to a topic.
pub fn topic_subscriptions(
    topic: TopicId,
    asked: ListAsked,
) -> impl ReadOp<ListPage<SubscriptionName>> {
    move |conn| topics::subscriptions(conn, topic, &asked)
}

/// A page of the snapshots of a topic.
pub fn topic_snapshots(topic: TopicId, asked: ListAsked) -> impl ReadOp<ListPage<SnapshotName>> {
    move |conn| topics::snapshots(conn, topic, &asked)
}

/// The subscription with a name.
pub fn subscription(name: SubscriptionName) -> impl ReadOp<Option<Subscription>> {
    move |conn| subscriptions::find(conn, &name)
}

/// The subscription with an id.
pub fn subscription_by_id(id: SubscriptionId) -> impl ReadOp<Option<Subscription>> {
    move |conn| subscriptions::by_id(conn, id)
}

/// A page of the subscriptions of a project.
pub fn subscriptions(
    project: ProjectName,
    asked: ListAsked,
) -> impl ReadOp<ListPage<Subscription>> {
    move |conn| subscriptions::page(conn, &project, &asked)
}

/// All subscriptions.
pub fn all_subscriptions() -> impl ReadOp<Vec<Subscription>> {
    |conn| subscriptions::all(conn)
}

/// The snapshot with a name.
pub fn snapshot(name: SnapshotName) -> impl ReadOp<Option<Snapshot>> {
    move |conn| snapshots::find(conn, &name)
}

/// A page of the snapshots of a project.
pub fn snapshots(project: ProjectName, asked: ListAsked) -> impl ReadOp<ListPage<Snapshot>> {
    move |conn| snapshots::page(conn, &project, &asked)
}

/// What waits for a subscription behind a message; see [`backlog::page`].
pub fn backlog(
    subscription: SubscriptionId,
    after: i64,
    most: (usize, usize),
) -> impl ReadOp<BacklogPage> {
    move |conn| backlog::page(conn, subscription, after, most)
}

/// How many messages wait for a subscription, and the first of them.
pub fn backlog_size(subscription: SubscriptionId) -> impl ReadOp<(i64, Option<PublishedId>)> {
    move |conn| backlog::count(conn, subscription)
}

/// How many messages wait for all subscriptions, and the oldest; see [`backlog::total`].
pub fn backlog_total() -> impl ReadOp<(i64, Option<PublishedId>)> {
    |conn| backlog::total(conn)
}

/// Messages by their ids; see [`messages::load`].
pub fn messages(ids: Vec<PublishedId>) -> impl ReadOp<HashMap<PublishedId, Arc<PublishedMessage>>> {
    move |conn| {
        let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
        messages::load(conn, &ids)
    }
}

/// All bridges, by name.
pub fn bridges() -> impl ReadOp<Vec<Bridge>> {
    bridges::all
}

/// How far a bridge has come in a room, if it has looked there.
pub fn bridge_place(bridge: BridgeId, room: RoomId) -> impl ReadOp<Option<RoomPlace>> {
    move |conn| bridges::place(conn, bridge, room)
}

/// Whether something of Pub/Sub has had its time.
pub fn is_sweep_due(now: Timestamp) -> impl ReadOp<bool> {
    move |conn| sweeps::is_due(conn, now)
}

/// The pushes that have come to this hub, the latest first.
pub fn received() -> impl ReadOp<Vec<KeptPush>> {
    received::all
}
