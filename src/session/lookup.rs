//! Look-ups: friends, and pages of history slice by slice.
//!
//! A page may be larger than a session should hold, so it comes in slices; the next one is read
//! when there is room for it: an adapter says so, or does not poll the actor until then.

use super::effect::Request;
use super::{Adapter, Session};
use crate::domain::command::Query;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::store::chat::history::{Before, HistorySlice, Page, Place};
use crate::wire::{Frame, Kind};

impl<A: Adapter> Session<A> {
    pub(super) fn look_up(
        &mut self,
        request: Request,
        user: UserId,
        query: Query,
        ctx: &mut A::Context,
    ) {
        match query {
            Query::Friends => {
                let friends = self.shared.hub.friends(user);
                self.answer(request, friends, ctx, move |kind, friends| {
                    kind.friends(user, friends)
                });
            }
            Query::Users { ids } => {
                let users = self.shared.hub.contacts(user, ids);
                self.answer(request, users, ctx, move |kind, users| kind.users(user, users));
            }
            Query::Readers { room: None } | Query::Page { room: None, .. } => {
                self.refused(request, Refusal::NoSuchRoom);
            }
            Query::Readers { room: Some(room) } => {
                let readers = self.shared.hub.readers(user, Some(room));
                self.answer(request, readers, ctx, move |kind, marks| kind.readers(room, marks));
            }
            Query::Page { room: Some(room), before, count } => {
                let which = (Place::BeforeMoment(before), count.min(self.shared.settings.page_max));
                let page = self.shared.hub.messages(user, Some(room), which);
                self.answer(request, page, ctx, move |kind, (messages, more)| {
                    kind.page((room, user), messages, *more)
                });
            }
            Query::Requests => {
                let requests = self.shared.hub.friend_requests(user);
                self.answer(request, requests, ctx, |kind, requests| kind.requests(requests));
            }
            Query::Changes { rooms, limit, epoch } => {
                let caught = self.shared.hub.catch_up(user, (rooms, epoch), limit);
                self.later(ctx, caught, move |session, caught, _| match caught {
                    Ok(None) => {
                        let frame = session.kind.reset(session.shared.hub.epoch());
                        session.machine.answered(request, [frame], &mut session.effects);
                    }
                    Ok(Some(caught)) => {
                        let (kind, epoch) = (session.kind, session.shared.hub.epoch());
                        let changes = caught.messages.iter().map(|one| kind.change(one, user));
                        let end = kind.caught_up(&caught.reached, caught.complete, epoch);
                        let frames = changes.chain([end]);
                        session.machine.answered(request, frames, &mut session.effects);
                    }
                    Err(refusal) => session.refused(request, refusal),
                });
            }
            Query::Members { group } => {
                let members = self.shared.hub.members(user, group);
                self.answer(request, members, ctx, |kind, (group, members)| {
                    kind.members(group, members)
                });
            }
            Query::History { room, before, count } => {
                let count = count.min(self.shared.settings.page_max);
                let page = Page {
                    me: user,
                    room,
                    before: Before::Moment(before),
                    count,
                    named: self.kind.lists_rooms(),
                };
                let slice = self.shared.hub.history(page);
                self.later(ctx, slice, move |session, slice, ctx| {
                    session.history_slice(request, user, slice, ctx);
                });
            }
        }
    }

    /// Answers a request with one frame of what is found.
    fn answer<T: 'static>(
        &mut self,
        request: Request,
        found: impl Future<Output = Result<T, Refusal>> + 'static,
        ctx: &mut A::Context,
        frame: impl FnOnce(Kind, &T) -> Frame + 'static,
    ) {
        self.later(ctx, found, move |session, found, _| match found {
            Ok(found) => {
                let frame = frame(session.kind, &found);
                session.machine.answered(request, [frame], &mut session.effects);
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
        let kind = self.kind;
        let frames = slice.messages.iter().map(|message| kind.history(message, user));
        let Some(rest) = slice.next else {
            return self.machine.answered(request, frames, &mut self.effects);
        };
        self.machine.partly_answered(frames, &mut self.effects);
        self.page = Some(Box::new((request, rest)));
        self.run(ctx);
        self.next_slice(ctx);
    }

    /// Goes on with a page, unless too much waits to be written already.
    pub(super) fn next_slice(&mut self, ctx: &mut A::Context) {
        if self.adapter.is_congested() {
            return;
        }
        let Some(page) = self.page.take() else { return };
        let (request, rest) = *page;
        let user = rest.reader();
        let next = self.shared.hub.history_rest(rest);
        self.later(ctx, next, move |session, slice, ctx| {
            session.history_slice(request, user, slice, ctx);
        });
    }
}
