//! What bridges of Pub/Sub bring to an app: each a job, for [`Store::run`](crate::store::Store::run), that says whether
//! it could be done. Only then the message that it is about is acknowledged.

use crate::domain::apps::console::{ConsoleLine, ResultCode};
use crate::domain::apps::event::AppsEvent;
use crate::domain::event::Event;
use crate::domain::id::AppId;
use crate::domain::news::News;
use crate::domain::principal::Mailbox;
use crate::store::apps::console::{self, ConsoleAsked, ConsoleRules, Operated};
use crate::store::apps::{AppsRight, keys, telling};
use crate::store::engine::job::{Job, Op, Yield};

/// Why nothing was brought to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgedFault {
    /// There is no such app any more.
    NoApp,
    /// None of the devices is there, or the group of devices is not.
    NoDevices,
}

/// Tells all consoles of an app a line.
pub fn show_line(
    app: AppId,
    line: ConsoleLine,
) -> Job<AppsRight, impl Op<Result<(), BridgedFault>>> {
    telling(move |conn| {
        if !keys::app_lives(conn, app)? {
            return Ok(Err(BridgedFault::NoApp).into());
        }
        let event = AppsEvent::Line(line.clone());
        Ok(Yield { answer: Ok(()), news: vec![News::to(vec![Mailbox::Console(app)], event)] })
    })
}

/// Sends to devices as an operator does, who would be told the same; whether deliveries have still to be made.
pub fn send_published(
    rules: ConsoleRules,
    asked: ConsoleAsked,
) -> Job<AppsRight, impl Op<Result<bool, BridgedFault>>> {
    let bytes = asked.request.action.bytes();
    let send = telling(move |conn| {
        if !keys::app_lives(conn, asked.app)? {
            return Ok(Err(BridgedFault::NoApp).into());
        }
        let (Operated { has_left_work, .. }, news) = console::perform(conn, &rules, &asked)?;
        let is_sent = news.iter().any(|news| match &news.event {
            Event::Apps(AppsEvent::Line(ConsoleLine::Sent { code, .. })) => {
                *code == ResultCode::Done
            }
            Event::Apps(_) | Event::Accounts(_) | Event::Chat(_) | Event::Pubsub(_) => false,
        });
        match is_sent {
            true => Ok(Yield { answer: Ok(has_left_work), news }),
            false => Ok(Err(BridgedFault::NoDevices).into()),
        }
    });
    send.holding(bytes)
}
