//! What the service is asked for a session: friends, requests of apps, and pages of history slice by slice.
//!
//! A page may be larger than a session should hold, so it comes in slices; the next one is read
//! when there is room for it: an adapter says so, or does not poll the actor until then.

use super::effect::Request;
use super::waiting::BroughtSoFar;
use super::{Adapter, Session};
use crate::domain::accounts::command::AccountsQuery;
use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::chat::command::{ChatQuery, Known};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::command::Query;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::domain::principal::Principal;
use crate::hub::messages::Finish;
use crate::service::chat::{Before, HistoryRest, HistorySlice, Page, Place};
use crate::wire::{AccountsAnswer, Answer, ChatAnswer, Frame};

/// What comes in slices, and has not come in full. A session has one at a time: who is brought what waits asks for no
/// history.
pub(super) enum SlicesLeft {
    /// A page of history.
    History(Request, HistoryRest),
    /// What waits for a device.
    Waiting(BroughtSoFar),
    /// Nothing of it waits any more, and what the hub has told of it is on its way still.
    Told(BroughtSoFar),
}

impl<A: Adapter> Session<A> {
    pub(super) fn look_up(
        &mut self,
        request: Request,
        by: Principal,
        query: Query,
        ctx: &mut A::Context,
    ) {
        // What is between users and in rooms is theirs to know.
        let Some(user) = by.user() else {
            return self.refused(request, ChatRefusal::NotAllowed.into());
        };
        match query {
            Query::Accounts(query) => self.look_up_accounts((request, user), query, ctx),
            Query::Chat(query) => self.look_up_chat((request, user), query, ctx),
        }
    }

    /// Has a request of an app done.
    pub(super) fn ask_app(
        &mut self,
        request: Request,
        by: Principal,
        asked: AppsRequest,
        ctx: &mut A::Context,
    ) {
        let (apps, session) = (self.shared.service.apps.clone(), self.id);
        // Apart, so that it is done also if the session ends meanwhile.
        let done = actix::spawn(async move { apps.perform((session, by), asked).await });
        self.later(ctx, done, move |session, answer, _| {
            match answer.unwrap_or(Err(Refusal::Internal)) {
                Ok(AppsAnswer::Told) => {
                    session.shared.hub.finish(Finish { session: session.id, request });
                }
                Ok(answer) => {
                    let frame = session.machine.apps_frame(&answer);
                    session.machine.answered(request, frame, &mut session.effects);
                }
                Err(refusal) => session.refused(request, refusal),
            }
        });
    }

    fn look_up_accounts(
        &mut self,
        asked: (Request, UserId),
        query: AccountsQuery,
        ctx: &mut A::Context,
    ) {
        let (service, user) = (&self.shared.service, asked.1);
        match query {
            AccountsQuery::Friends => {
                let friends = service.accounts.friends(user);
                self.answer(asked, friends, ctx, |friends| {
                    Answer::Accounts(AccountsAnswer::Friends(friends))
                });
            }
            AccountsQuery::Users { ids } => {
                let users = service.chat.contacts(user, ids);
                self.answer(asked, users, ctx, |users| {
                    Answer::Accounts(AccountsAnswer::Users(users))
                });
            }
            AccountsQuery::Requests => {
                let requests = service.accounts.friend_requests(user);
                self.answer(asked, requests, ctx, |requests| {
                    Answer::Accounts(AccountsAnswer::Requests(requests))
                });
            }
        }
    }

    fn look_up_chat(&mut self, asked: (Request, UserId), query: ChatQuery, ctx: &mut A::Context) {
        let (request, user) = asked;
        let (chat, page_max) = (&self.shared.service.chat, self.shared.page_max);
        match query {
            ChatQuery::Readers { room: None } | ChatQuery::Page { room: None, .. } => {
                self.refused(request, ChatRefusal::NoSuchRoom.into());
            }
            ChatQuery::Readers { room: Some(room) } => {
                let readers = chat.readers(user, Some(room));
                self.answer(asked, readers, ctx, move |marks| {
                    Answer::Chat(ChatAnswer::Readers(room, marks))
                });
            }
            ChatQuery::Page { room: Some(room), before, count } => {
                let which = (Place::BeforeMoment(before), count.min(page_max));
                let page = chat.messages(user, Some(room), which);
                self.answer(asked, page, ctx, move |(messages, more)| {
                    Answer::Chat(ChatAnswer::Page { room, messages, more: *more })
                });
            }
            ChatQuery::Changes { rooms, limit, epoch } => {
                self.catch_up(asked, (rooms, epoch), limit, ctx);
            }
            ChatQuery::Members { group } => {
                let members = chat.members(user, group);
                self.answer(asked, members, ctx, |(group, members)| {
                    Answer::Chat(ChatAnswer::Members(group, members))
                });
            }
            ChatQuery::History { room, before, count } => {
                let count = count.min(page_max);
                let variant = self.machine.variant();
                let dialect = self.shared.common.dialects.get(variant);
                let named = dialect.lists_rooms(variant.options());
                let before = Before::Moment(before);
                let slice = chat.history(Page { me: user, room, before, count, named });
                self.later(ctx, slice, move |session, slice, ctx| {
                    session.history_slice(request, user, slice, ctx);
                });
            }
        }
    }

    fn catch_up(
        &mut self,
        (request, user): (Request, UserId),
        rooms: (Vec<Known>, Option<String>),
        limit: u32,
        ctx: &mut A::Context,
    ) {
        let caught = self.shared.service.chat.catch_up(user, rooms, limit);
        self.later(ctx, caught, move |session, caught, _| {
            let epoch = session.shared.service.chat.epoch();
            let frame = |answer| session.machine.frame(Answer::Chat(answer), user);
            let frames: Vec<Frame> = match caught {
                Ok(None) => frame(ChatAnswer::Reset { epoch }).into_iter().collect(),
                Ok(Some(caught)) => {
                    let changes = caught.messages.iter();
                    let changes = changes.filter_map(|one| frame(ChatAnswer::Change(one)));
                    let (reached, complete) = (&caught.reached[..], caught.complete);
                    let end = frame(ChatAnswer::CaughtUp { reached, complete, epoch });
                    changes.chain(end).collect()
                }
                Err(refusal) => return session.refused(request, refusal),
            };
            session.machine.answered(request, frames, &mut session.effects);
        });
    }

    /// Answers a request with one frame of what is found.
    fn answer<T: 'static>(
        &mut self,
        (request, user): (Request, UserId),
        found: impl Future<Output = Result<T, Refusal>> + 'static,
        ctx: &mut A::Context,
        answer: impl FnOnce(&T) -> Answer<'_> + 'static,
    ) {
        self.later(ctx, found, move |session, found, _| match found {
            Ok(found) => {
                let frame = session.machine.frame(answer(&found), user);
                session.machine.answered(request, frame, &mut session.effects);
            }
            Err(refusal) => session.refused(request, refusal),
        });
    }

    fn history_slice(
        &mut self,
        request: Request,
        user: UserId,
        slice: Result<HistorySlice, Refusal>,
        ctx: &mut A::Context,
    ) {
        let slice = match slice {
            Ok(slice) => slice,
            Err(refusal) => return self.refused(request, refusal),
        };
        let frame = |message| self.machine.frame(Answer::Chat(ChatAnswer::History(message)), user);
        let frames: Vec<Frame> = slice.messages.iter().filter_map(frame).collect();
        let Some(rest) = slice.next else {
            return self.machine.answered(request, frames, &mut self.effects);
        };
        self.machine.partly_answered(frames, &mut self.effects);
        self.rest = Some(Box::new(SlicesLeft::History(request, rest)));
        self.run(ctx);
        self.go_on(ctx);
    }

    /// Goes on with what comes in slices, unless too much waits to be written already.
    pub(super) fn go_on(&mut self, ctx: &mut A::Context) {
        if self.adapter.is_congested() {
            return;
        }
        let Some(rest) = self.rest.take() else { return };
        let (request, rest) = match *rest {
            SlicesLeft::History(request, rest) => (request, rest),
            SlicesLeft::Waiting(brought) => return self.bring(brought, ctx),
            told @ SlicesLeft::Told(_) => return self.rest = Some(Box::new(told)),
        };
        let user = rest.reader();
        let next = self.shared.service.chat.history_rest(rest);
        self.later(ctx, next, move |session, slice, ctx| {
            session.history_slice(request, user, slice, ctx);
        });
    }
}
