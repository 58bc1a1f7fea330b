//! Plays transcripts: text files that say what goes over the wire, line by line.
//! ```text
//! # A comment. "[wind] " or "[readme] " before a line: it counts in that mode only.
//! set dm.audience = friends         a setting of the server; these lines come first
//! user alice                        makes a user ("user bob 8": of this id)
//! profile alice cat                 changes the profile in the database
//! open a as alice                   a socket named a; heartbeat and auth are done
//! open a as alice features=sync,read   the same, asking for features
//! open b ?compat=wind               one on which nothing is said; with this query, not the mode's
//! rewind r as alice                 a socket of REWIND, in a file of another dialect
//! friends alice bob                 makes them friends in the database
//! block alice bob                   alice blocks bob ("unblock alice bob")
//! pass 6                            so many seconds pass on the server's clock
//! sweep                             waits until everybody has been told of all changes of presence
//! service key                       makes a service key, named key
//! let ab = ${room(alice,bob)}       names a text
//! > a {"type":"heartbeat"}          sends a text frame ("binary a 00ff", "bytes a ff": these bytes)
//! < a {"type":"ok","payload":null}  the next frame of a is equal as JSON ("<=": byte for byte)
//! < a,b for n in 1..3 {"n":${n}}    the next three frames of both; so for ">" too
//! error a 4000 Unknown type.        the next frame of a is this error frame
//! nothing a b                       nothing was sent to them (a heartbeat is echoed first)
//! closed a 4003 the reason          a Close frame comes, then the end ("close a": a closes itself)
//! POST /path form name=x&email=y    a request; "json BODY", "form;charset=utf-8 BODY", any type
//! auth Bearer ${alice.token}        the header Authorization of the next request
//! = 201 {"type":"info"}             its answer: status, then JSON, empty, "html PART" or "-> LOCATION"
//! header allow GET, HEAD            a header of that answer
//! mail x@y.example ${key:key}       waits for the mail to x and takes the key in its link
//! rising t1 t2 t3                   these captured values strictly increase
//! ```
//! `${name:kind}` in what comes is checked (id, time, utc, uuid, key, token, text) and bound to the name; seen
//! again it must be equal, unless it is `_`. `${…}` anywhere: a bound name, a user's `alice.id`, `.token`, `.user`, or
//! a function of `values.rs`. `{"$text": X}` is a string that holds the JSON X. At the end of a file
//! nothing may be left unread on any socket.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use awc::http::header::HeaderMap;
use futures_util::future::join_all;
use serde_json::Value;
use tradewind::domain::accounts::friendship::DmPolicy;
use tradewind::server::Config;
use tradewind::wire::chatting::Ids;
use tradewind::wire::rewind;

use super::script::{Body, Script, Step};
use super::stage::Socket;
use super::values::Values;
use crate::harness::clock::TurnedClock;
use crate::harness::http::Answer;
use crate::harness::{Backend, Client, Server};

/// The form of the wire a file is played in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Readme,
    Wind,
    /// The other dialect, which has one form only.
    Chatting,
}

/// What stopped a transcript: the message, without its place.
pub type Failed = String;

/// A transcript under way.
pub struct Play<'a> {
    pub mode: Mode,
    pub server: &'a Server,
    pub clock: &'a TurnedClock,
    pub values: Values,
    pub sockets: HashMap<String, Socket>,
    /// Two friends who look whether the hub has told of all changes.
    pub sweepers: Option<[Client; 2]>,
    answer: Option<Answer>,
    /// Of the next request.
    auth: Option<String>,
    /// Of the last answer.
    headers: HeaderMap,
    pub mails_read: HashSet<PathBuf>,
}

/// Plays the text of a file; a failure is `file:line: what was expected and what came`.
pub async fn play(file: &str, text: &str, mode: Mode, backend: Backend) -> Result<(), Failed> {
    let script =
        Script::parse(text, mode).map_err(|(line, why)| format!("{file}:{line}: {why}"))?;
    let mut settings = Vec::new();
    for (line, key, value) in &script.settings {
        settings.push(setting(key, value).map_err(|why| format!("{file}:{line}: {why}"))?);
    }
    let change = |config: &mut Config| settings.into_iter().for_each(|set| set(config));
    let clock = Arc::new(TurnedClock::start());
    let server = Server::with_clock(backend, clock.clone(), change).await;
    let mut play = Play {
        mode,
        server: &server,
        clock: &clock,
        values: Values::new(server.address),
        sockets: HashMap::new(),
        sweepers: None,
        answer: None,
        auth: None,
        headers: HeaderMap::new(),
        mails_read: HashSet::new(),
    };
    let mut outcome = Ok(());
    for (line, step) in &script.steps {
        outcome = play.step(step).await.map_err(|why| format!("{file}:{line}: {}", short(&why)));
        if outcome.is_err() {
            break;
        }
    }
    let ended = play.end(outcome.is_ok()).await.map_err(|why| format!("{file}: at the end: {why}"));
    server.stop().await;
    outcome.and(ended)
}

/// A change of the settings.
type Setting = Box<dyn FnOnce(&mut Config)>;

fn setting(key: &str, value: &str) -> Result<Setting, Failed> {
    let text = value.to_owned();
    let number: Result<u64, _> = value.parse();
    Ok(match (key, value) {
        ("dm.audience", "friends") => Box::new(|config| config.dm.audience = DmPolicy::Friends),
        ("rewind.default_compat", "wind") => {
            Box::new(|config| config.rewind.default_compat = rewind::Mode::Wind)
        }
        ("presence.offline_grace_ms", _) => {
            let ms = number.map_err(|error| error.to_string())?;
            Box::new(move |config| config.presence.offline_grace_ms = ms)
        }
        ("limits.group_members_max", _) => {
            let most = value.parse().map_err(|_| "a number")?;
            Box::new(move |config| config.limits.group_members_max = most)
        }
        ("limits.enabled", "true") => Box::new(|config| config.limits.enabled = true),
        ("limits.group_additions_per_day", _) => {
            let most = value.parse().map_err(|_| "a number")?;
            Box::new(move |config| config.limits.group_additions_per_day = most)
        }
        ("limits.groups_per_user_max", _) => {
            let most = value.parse().map_err(|_| "a number")?;
            Box::new(move |config| config.limits.groups_per_user_max = most)
        }
        ("store.history_slice_bytes", _) => {
            let most = value.parse().map_err(|_| "a number")?;
            Box::new(move |config| config.store.history_slice_bytes = most)
        }
        ("rewind.heartbeat_timeout_ms", _) => {
            let ms = number.map_err(|error| error.to_string())?;
            Box::new(move |config| config.rewind.heartbeat_timeout_ms = ms)
        }
        ("auth.allowed_email_domains", _) => Box::new(move |config| {
            config.auth.allowed_email_domains = text.split(',').map(str::to_owned).collect();
        }),
        ("chatting.ids", "string") => Box::new(|config| config.chatting.ids = Ids::String),
        ("chatting.login_timeout_ms", _) => {
            let ms = number.map_err(|error| error.to_string())?;
            Box::new(move |config| config.chatting.login_timeout_ms = ms)
        }
        ("chatting.invite_timeout_ms", _) => {
            let ms = number.map_err(|error| error.to_string())?;
            Box::new(move |config| config.chatting.invite_timeout_ms = ms)
        }
        ("chatting.invites_per_user_max", _) => {
            let most = value.parse().map_err(|_| "a number")?;
            Box::new(move |config| config.chatting.invites_per_user_max = most)
        }
        ("chatting.logged_in_text", _) => {
            Box::new(move |config| config.chatting.logged_in_text = text)
        }
        ("chatting.unreachable_text", _) => {
            Box::new(move |config| config.chatting.unreachable_text = text)
        }
        ("chatting.bad_request_text", _) => {
            Box::new(move |config| config.chatting.bad_request_text = text)
        }
        ("chatting.system_text", _) => Box::new(move |config| config.chatting.system_text = text),
        ("chatting.no_such_user_text", _) => {
            Box::new(move |config| config.chatting.no_such_user_text = text)
        }
        ("http.public_url", _) => Box::new(move |config| config.http.public_url = text),
        _ => return Err(format!("unknown setting {key} = {value}")),
    })
}

impl Play<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), Failed> {
        match step {
            Step::World(world) => self.change(world).await,
            Step::Let { name, text } => {
                let value = self.values.expand(text)?;
                self.values.bind(name, value)
            }
            Step::Open { socket, user, how } => self.open(socket, user.as_deref(), how).await,
            Step::Auth { value } => {
                self.auth = Some(self.values.expand(value)?);
                Ok(())
            }
            Step::Header { name, value } => {
                let found = self.headers.get(name).and_then(|value| value.to_str().ok());
                equal(value, found.unwrap_or("none"))
            }
            Step::Send { socket, times, text } => {
                for n in times.clone() {
                    let text = self.values.expand_nth(text, n)?;
                    self.socket(socket)?.0.text(text).await;
                }
                Ok(())
            }
            Step::Bytes { socket, kind, bytes } => {
                self.socket(socket)?.bytes(*kind, bytes).await;
                Ok(())
            }
            Step::Expect { socket, times, text } => {
                for n in times.clone() {
                    let expected = self.values.expand_nth(text, n)?;
                    let got = self.socket(socket)?.frame().await?;
                    self.values.check(&expected, &json(&got)?)?;
                }
                Ok(())
            }
            Step::ExpectText { socket, text } => {
                let expected = self.values.expand(text)?;
                let got = self.socket(socket)?.frame().await?;
                equal(&expected, &got)
            }
            Step::Nothing { sockets } => {
                for socket in sockets {
                    self.socket(socket)?.nothing().await?;
                }
                Ok(())
            }
            Step::Closed { socket, code, reason } => self.take(socket)?.closed(*code, reason).await,
            Step::Close { socket } => {
                self.take(socket)?.0.close().await;
                Ok(())
            }
            Step::Request { method, path, kind, body } => {
                let (path, body) = (self.values.expand(path)?, self.values.expand(body)?);
                let auth = self.auth.take();
                let answer = self.server.request_as(auth.as_deref(), (method, &path), kind, body);
                let answer = answer.await;
                self.headers = answer.headers.clone();
                self.answer = Some(answer);
                Ok(())
            }
            Step::Answer { statuses, body } => self.check_answer(statuses, body),
            Step::Mail { address, key } => self.mail(address, key).await,
            Step::Rising { names } => self.values.rising(names),
        }
    }

    fn check_answer(&mut self, statuses: &[u16], body: &Body) -> Result<(), Failed> {
        let answer = self.answer.take().ok_or("an answer without a request")?;
        if !statuses.contains(&answer.status) {
            return Err(format!(
                "expected status {statuses:?}, got {} {}",
                answer.status, answer.text
            ));
        }
        let header = |name: &str| {
            let value = answer.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        match body {
            Body::Any => Ok(()),
            Body::Empty => equal("", &answer.text),
            Body::Location(place) => equal(place, &header("location")),
            Body::Html(part) if !header("content-type").starts_with("text/html") => {
                Err(format!("expected HTML with {part}, got {}", header("content-type")))
            }
            Body::Html(part) if answer.text.contains(part) => Ok(()),
            Body::Html(part) => Err(format!("expected HTML with {part}, got {}", answer.text)),
            Body::Json(text) => {
                equal("application/json", &header("content-type"))?;
                let expected = self.values.expand(text)?;
                self.values.check(&expected, &json(&answer.text)?)
            }
        }
    }

    /// Nothing may be left on the sockets; they are closed.
    async fn end(mut self, is_good: bool) -> Result<(), Failed> {
        let mut sockets: Vec<_> = self.sockets.drain().collect();
        sockets.sort_by(|(a, _), (b, _)| a.cmp(b));
        if is_good {
            for (name, socket) in &mut sockets {
                socket.nothing().await.map_err(|why| format!("{name}: {why}"))?;
            }
            join_all(sockets.into_iter().map(|(_, socket)| socket.0.close())).await;
            join_all(self.sweepers.take().into_iter().flatten().map(Client::close)).await;
        }
        match &self.answer {
            Some(answer) if is_good => Err(format!("nobody looked at the answer {answer:?}")),
            Some(_) | None => Ok(()),
        }
    }
}

/// A message without the middle of its very long lines.
fn short(why: &str) -> String {
    let line = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        let ends = chars.first_chunk::<500>().zip(chars.last_chunk::<500>());
        match ends.filter(|_| chars.len() > 1_000) {
            Some((start, end)) => {
                format!("{} […] {}", String::from_iter(start), String::from_iter(end))
            }
            None => line.to_owned(),
        }
    };
    why.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn json(text: &str) -> Result<Value, Failed> {
    serde_json::from_str(text).map_err(|error| format!("expected JSON, got {text} ({error})"))
}

fn equal(expected: &str, got: &str) -> Result<(), Failed> {
    if expected == got { Ok(()) } else { Err(format!("\nexpected {expected}\ngot      {got}")) }
}
