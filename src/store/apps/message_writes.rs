//! What can be written of messages of customer chat, and of files and visits: each a job, for
//! [`Store::run`](crate::store::Store::run).

use std::sync::Arc;

use crate::domain::apps::body::BodyFormat;
use crate::domain::apps::customer::CustomerMessage;
use crate::domain::apps::customer_request::{CustomerSender, Visit};
use crate::domain::apps::downstream::Downstream;
use crate::domain::apps::event::AppsEvent;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{AppId, DeviceId, GroupId, UserId};
use crate::domain::mint::IdMint;
use crate::domain::news::News;
use crate::domain::principal::Mailbox;
use crate::store::apps::files::{self, NewFile};
use crate::store::apps::messages::{self, SentMessage};
use crate::store::apps::{
    AppsRight, ConversationRight, conversations, devices, job, pushes, removed, telling,
    telling_of_rooms, users, visits,
};
use crate::store::chat::limits::ChatLimits;
use crate::store::chat::rules::Rules;
use crate::store::engine::Connection;
use crate::store::engine::job::{Job, Op, Yield};

/// What messages are made with.
#[derive(Clone)]
pub struct MessageTools {
    pub mint: Arc<IdMint>,
    pub clock: Arc<dyn Clock>,
    pub format: BodyFormat,
}

impl MessageTools {
    fn rules(&self) -> Rules {
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        // Of what is limited, none is asked for here.
        Rules { mint, clock, limits: ChatLimits::default() }
    }
}

/// Sends a message to a conversation; see [`messages::send`].
pub fn send_message(
    sender: CustomerSender,
    message: CustomerMessage,
    tools: MessageTools,
) -> Job<ConversationRight, impl Op<SentMessage>> {
    let (rules, bytes) = (tools.rules(), message.body.len());
    let send = move |conn: &mut Connection| {
        messages::send(conn, (&sender, &message), &rules, tools.format)
    };
    telling_of_rooms(send).holding(bytes)
}

/// Says in a conversation that no agent is there; see [`messages::say_offline`].
pub fn say_offline(
    group: GroupId,
    tools: MessageTools,
    told_before: Timestamp,
) -> Job<ConversationRight, impl Op<()>> {
    let rules = tools.rules();
    telling_of_rooms(move |conn| {
        let news = messages::say_offline(conn, group, &rules, told_before)?;
        Ok(Yield { answer: (), news })
    })
}

/// Shows to widgets what an app has sent to their devices, each in the conversation of its user that has changed last;
/// for a user without one it waits on.
pub fn show_downstream(
    downstream: Arc<Downstream>,
    devices: Vec<DeviceId>,
) -> Job<AppsRight, impl Op<()>> {
    telling(move |conn| {
        let mut news = Vec::new();
        for device in &devices {
            let Some((device, _)) = devices::find(conn, *device)? else { continue };
            let of_owner = (device.app, device.owner);
            let Some(conversation) = conversations::latest(conn, of_owner)? else { continue };
            let (app, owner, downstream) = (device.app, device.owner, Arc::clone(&downstream));
            let conversation = conversation.id;
            let event = AppsEvent::InConversation { downstream, app, conversation, owner };
            news.push(News::to(vec![Mailbox::Device(device.id)], event));
        }
        Ok(Yield { answer: (), news })
    })
}

/// Notes that a user of an app has come at a device, and from which page, if from any.
pub fn arrive(
    (app, user): (AppId, UserId),
    device: DeviceId,
    visit: Option<Visit>,
    (mint, now): (Arc<IdMint>, Timestamp),
) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| {
        users::seen(conn, (app, user), now)?;
        devices::touch(conn, device, now)?;
        match &visit {
            Some(visit) => visits::add(conn, mint.message()?.get(), (app, user), (visit, now)),
            None => Ok(()),
        }
    })
}

/// Stores a file; see [`files::insert`].
pub fn add_file(file: NewFile, bytes_max: i64) -> Job<AppsRight, impl Op<bool>> {
    let bytes = file.bytes.len();
    job(move |conn| files::insert(conn, &file, bytes_max)).holding(bytes)
}

/// Forgets what was not acknowledged of messages below an id, at most so many rows; how many it were.
pub fn sweep_pushes(below: i64, rows_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| pushes::sweep(conn, below, rows_max))
}

/// Forgets a bit of apps that were removed; how many rows it were. See [`removed::sweep`].
pub fn sweep_removed_apps(now: Timestamp) -> Job<ConversationRight, impl Op<usize>> {
    telling_of_rooms(move |conn| {
        let (answer, news) = removed::sweep(conn, now)?;
        Ok(Yield { answer, news })
    })
}
