//! `/me/export`: all that is kept of one, as one JSON object.
//!
//! It is written piece by piece, as the peer takes it: what one is and whom one knows, then each
//! room, some messages at a time. If the store fails on the way, the answer breaks off.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::me::AccountJson;
use super::problem::{Code, Problem};
use super::rooms::RoomJson;
use super::shape::{MessageJson, UserJson};
use super::time;
use crate::domain::accounts::user::User;
use crate::domain::chat::event::RoomEntry;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::http::State;
use crate::service::accounts::{Dossier, Login};
use crate::service::chat::Place;

/// Messages of one piece.
const PIECE_MESSAGES: u32 = 200;

/// All that is kept of one. The password is not: only a hash of it is.
#[derive(Serialize, ToSchema)]
pub struct Export {
    account: AccountJson,
    /// Oldest friendship first.
    friends: Vec<UserJson>,
    /// Who has asked for friendship.
    requests_incoming: Vec<UserJson>,
    /// Who was asked.
    requests_outgoing: Vec<UserJson>,
    /// Whom one blocks.
    blocked: Vec<UserJson>,
    /// Log-ins that go on.
    sessions: Vec<ExportedSession>,
    /// The rooms one is in, each with all messages that one can see.
    rooms: Vec<ExportedRoom>,
}

/// A log-in that goes on.
#[derive(Serialize, ToSchema)]
pub struct ExportedSession {
    /// What the program called itself that has logged in.
    agent: Option<String>,
    /// Where it was, such as `192.0.2.0/24`.
    network: Option<String>,
    /// When it began.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it got its newest token.
    #[schema(format = "date-time")]
    renewed_at: String,
    /// When that expires.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl From<Login> for ExportedSession {
    fn from(login: Login) -> Self {
        Self {
            agent: login.agent,
            network: login.network,
            created_at: time::text(login.created_at),
            renewed_at: time::text(login.renewed_at),
            expires_at: time::text(login.expires_at),
        }
    }
}

/// A room with its messages.
#[derive(Serialize, ToSchema)]
pub struct ExportedRoom {
    #[serde(flatten)]
    room: RoomJson,
    /// Oldest first.
    messages: Vec<MessageJson>,
}

/// All that is kept of one
///
/// One JSON object, written piece by piece: if it breaks off, it is not valid JSON.
#[utoipa::path(
    get, path = "/me/export", tag = "Account", operation_id = "export_account",
    responses((status = 200, description = "A file", body = Export)),
)]
pub async fn export(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let kept = state.service.accounts.kept(me).await?;
    let head = Export::of(kept.ok_or(Problem::new(Code::TokenInvalid))?, me);
    let rooms = state.service.chat.rooms(me).await?;
    let writer = ExportWriter {
        state,
        me,
        at: At::Head(Box::new(head)),
        rooms: rooms.into_iter(),
        first: true,
    };
    let pieces = stream::try_unfold(writer, ExportWriter::next);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"tradewind-export.json\""))
        .streaming(pieces))
}

impl Export {
    /// All but the rooms.
    fn of(kept: Dossier, me: UserId) -> Self {
        let faces = |users: Vec<User>| users.into_iter().map(UserJson::from).collect();
        Self {
            account: kept.own.into(),
            friends: kept.friends.into_iter().map(|friend| UserJson::friend(friend, me)).collect(),
            requests_incoming: faces(kept.incoming),
            requests_outgoing: faces(kept.outgoing),
            blocked: faces(kept.blocked),
            sessions: kept.logins.into_iter().map(ExportedSession::from).collect(),
            rooms: Vec::new(),
        }
    }
}

/// Where a writer is.
enum At {
    /// At the beginning.
    Head(Box<Export>),
    /// Between two rooms.
    Rooms,
    /// In a room, after a message.
    Room(RoomKey, i64),
    End,
}

struct ExportWriter {
    state: Data<State>,
    me: UserId,
    at: At,
    rooms: std::vec::IntoIter<RoomEntry>,
    /// Whether no element of the array it is in is written.
    first: bool,
}

impl ExportWriter {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Problem> {
        let mut text = String::new();
        match std::mem::replace(&mut self.at, At::Rooms) {
            At::Head(head) => {
                // All but the end, where the rooms go.
                text = json(&head)?;
                text.truncate(text.len().saturating_sub(2));
            }
            At::Rooms => match self.rooms.next() {
                Some(entry) => {
                    self.comma(&mut text);
                    let key = entry.state.key;
                    let room = RoomJson::of(entry, self.me);
                    text += &json(&ExportedRoom { room, messages: Vec::new() })?;
                    text.truncate(text.len().saturating_sub(2));
                    (self.at, self.first) = (At::Room(key, 0), true);
                }
                None => {
                    text += "]}";
                    self.at = At::End;
                }
            },
            At::Room(key, after) => {
                let place = (Place::After(after), PIECE_MESSAGES);
                let page = self.state.service.chat.messages(self.me, Some(key), place).await;
                let (messages, more) = match page {
                    // Whoever is put out of a group meanwhile sees no more of it.
                    Err(Refusal::Chat(ChatRefusal::NotMember)) => (Vec::new(), false),
                    page => page?,
                };
                let last = messages.last().map(|message| message.seq);
                for message in messages {
                    self.comma(&mut text);
                    text += &json(&MessageJson::of(message, self.me))?;
                }
                match last.filter(|_| more) {
                    Some(seq) => self.at = At::Room(key, seq),
                    None => {
                        text += "]}";
                        self.first = false;
                    }
                }
            }
            At::End => return Ok(None),
        }
        Ok(Some((Bytes::from(text), self)))
    }

    fn comma(&mut self, text: &mut String) {
        if !self.first {
            text.push(',');
        }
        self.first = false;
    }
}

fn json(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| {
        log::error!("an export cannot be written: {error}");
        Problem::new(Code::Internal)
    })
}
