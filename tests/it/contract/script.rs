//! The text of a transcript, read into steps. The format is described in `runner.rs`.

use std::ops::RangeInclusive;

use super::runner::{Failed, Mode};

/// A transcript.
pub struct Script {
    /// Line, key and value of each setting.
    pub settings: Vec<(usize, String, String)>,
    /// Each step with its line.
    pub steps: Vec<(usize, Step)>,
}

/// What frame some bytes are sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesKind {
    Binary,
    Text,
}

/// What the body of an answer must be.
#[derive(Debug)]
pub enum Body {
    Any,
    Empty,
    Json(String),
    Html(String),
    Location(String),
}

/// How a socket is opened.
#[derive(Debug, Default)]
pub struct How {
    pub query: Option<String>,
    /// One of REWIND, in a file of another dialect.
    pub rewind: bool,
    /// What is asked for at auth.
    pub features: Option<Vec<String>>,
}

/// What is done to the world, without a word on the wire.
#[derive(Debug)]
pub enum World {
    User { name: String, id: Option<i64> },
    Profile { name: String, profile: String },
    Friends { one: String, other: String },
    Block { blocker: String, blocked: String, lift: bool },
    Pass { seconds: u32 },
    Service { name: String },
    Sweep,
}

/// One line.
#[derive(Debug)]
pub enum Step {
    World(World),
    Let { name: String, text: String },
    Open { socket: String, user: Option<String>, how: How },
    Auth { value: String },
    Header { name: String, value: String },
    Send { socket: String, times: RangeInclusive<u32>, text: String },
    Bytes { socket: String, kind: BytesKind, bytes: Vec<u8> },
    Expect { socket: String, times: RangeInclusive<u32>, text: String },
    ExpectText { socket: String, text: String },
    Nothing { sockets: Vec<String> },
    Closed { socket: String, code: u16, reason: String },
    Close { socket: String },
    Request { method: String, path: String, kind: String, body: String },
    Answer { statuses: Vec<u16>, body: Body },
    Mail { address: String, key: String },
    Rising { names: Vec<String> },
}

impl Script {
    /// Reads a transcript for one mode; a fault comes with its line.
    pub fn parse(text: &str, mode: Mode) -> Result<Self, (usize, Failed)> {
        let mut script = Self { settings: Vec::new(), steps: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            script.line(index + 1, line, mode).map_err(|why| (index + 1, why))?;
        }
        if script.steps.is_empty() { Err((1, "nothing is in it".into())) } else { Ok(script) }
    }

    fn line(&mut self, number: usize, line: &str, mode: Mode) -> Result<(), Failed> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (line, counts) = match (line.strip_prefix("[readme] "), line.strip_prefix("[wind] ")) {
            (Some(rest), _) => (rest, mode == Mode::Readme),
            (_, Some(rest)) => (rest, mode == Mode::Wind),
            (None, None) => (line, true),
        };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "set" {
            let (key, value) = rest.split_once(" = ").ok_or("set KEY = VALUE")?;
            if !self.steps.is_empty() {
                return Err("settings come first".into());
            }
            if counts {
                self.settings.push((number, key.to_owned(), value.to_owned()));
            }
            return Ok(());
        }
        // Lines of the other mode are read too, so that their faults show in either.
        let steps = steps(word, rest)?;
        if counts {
            self.steps.extend(steps.into_iter().map(|step| (number, step)));
        }
        Ok(())
    }
}

fn steps(word: &str, rest: &str) -> Result<Vec<Step>, Failed> {
    Ok(vec![match word {
        "user" => user(rest)?,
        "profile" => {
            let (name, profile) = two(rest)?;
            Step::World(World::Profile { name, profile })
        }
        "let" => {
            let (name, text) = rest.split_once(" = ").ok_or("let NAME = TEXT")?;
            Step::Let { name: name.to_owned(), text: text.to_owned() }
        }
        "open" => open(rest, false)?,
        "rewind" => open(rest, true)?,
        ">" | "<" => return frames(word, rest),
        "<=" => {
            let (socket, text) = two(rest)?;
            Step::ExpectText { socket, text }
        }
        "error" => return error(rest),
        "binary" => bytes(BytesKind::Binary, rest)?,
        "bytes" => bytes(BytesKind::Text, rest)?,
        "nothing" => Step::Nothing { sockets: words(rest)? },
        "closed" => {
            let (socket, rest) = two(rest)?;
            let (code, reason) = two(&rest)?;
            let code = code.parse().map_err(|_| "a close code")?;
            Step::Closed { socket, code, reason }
        }
        "close" => Step::Close { socket: one(rest)? },
        "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS" => request(word, rest),
        "=" => answer(rest)?,
        "mail" => {
            let (address, key) = two(rest)?;
            Step::Mail { address, key }
        }
        "rising" => Step::Rising { names: words(rest)? },
        _ => other(word, rest)?,
    }])
}

fn other(word: &str, rest: &str) -> Result<Step, Failed> {
    Ok(match word {
        "friends" => {
            let (one, other) = two(rest)?;
            Step::World(World::Friends { one, other })
        }
        "block" | "unblock" => {
            let (blocker, blocked) = two(rest)?;
            Step::World(World::Block { blocker, blocked, lift: word == "unblock" })
        }
        "pass" => {
            let seconds = rest.parse().map_err(|_| "pass SECONDS")?;
            Step::World(World::Pass { seconds })
        }
        "sweep" => Step::World(World::Sweep),
        "service" => Step::World(World::Service { name: one(rest)? }),
        "auth" => Step::Auth { value: rest.to_owned() },
        "header" => {
            let (name, value) = two(rest)?;
            Step::Header { name, value }
        }
        _ => return Err(format!("unknown directive {word:?}")),
    })
}

fn user(rest: &str) -> Result<Step, Failed> {
    let (name, id) = match rest.split_once(' ') {
        None => (one(rest)?, None),
        Some((name, id)) => (one(name)?, Some(id.parse().map_err(|_| "user NAME [ID]")?)),
    };
    Ok(Step::World(World::User { name, id }))
}

fn open(rest: &str, rewind: bool) -> Result<Step, Failed> {
    let (rest, features) = match rest.split_once(" features=") {
        Some((rest, names)) => (rest, Some(names.split(',').map(str::to_owned).collect())),
        None => (rest, None),
    };
    let (rest, query) = match rest.split_once(" ?") {
        Some((rest, query)) => (rest, Some(format!("?{query}"))),
        None => (rest, None),
    };
    let (socket, user) = match rest.split_once(" as ") {
        Some((socket, user)) => (one(socket)?, Some(one(user)?)),
        None => (one(rest)?, None),
    };
    Ok(Step::Open { socket, user, how: How { query, rewind, features } })
}

/// `a,b for n in 1..3 TEXT`.
fn frames(word: &str, rest: &str) -> Result<Vec<Step>, Failed> {
    let (sockets, text) = rest.split_once(' ').ok_or("SOCKET TEXT")?;
    let (times, text) = match text.strip_prefix("for n in ") {
        Some(rest) => {
            let (range, text) = two(rest)?;
            let (from, to) = range.split_once("..").ok_or("for n in FROM..TO")?;
            let number = |text: &str| text.parse().map_err(|_| format!("no number: {text}"));
            (number(from)?..=number(to)?, text)
        }
        None => (1..=1, text.to_owned()),
    };
    let step = |socket: &str| {
        let (socket, times, text) = (socket.to_owned(), times.clone(), text.clone());
        match word {
            ">" => Step::Send { socket, times, text },
            _ => Step::Expect { socket, times, text },
        }
    };
    Ok(sockets.split(',').map(step).collect())
}

fn error(rest: &str) -> Result<Vec<Step>, Failed> {
    let (sockets, rest) = two(rest)?;
    let (code, reason) = two(&rest)?;
    let code: u16 = code.parse().map_err(|_| "error SOCKET CODE REASON")?;
    let payload = serde_json::json!({"code": code, "reason": reason});
    let frame = serde_json::json!({"type": "error", "payload": payload});
    frames("<", &format!("{sockets} {frame}"))
}

fn bytes(kind: BytesKind, rest: &str) -> Result<Step, Failed> {
    let (socket, hex) = two(rest)?;
    let byte =
        |place: usize| hex.get(place..place + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    Ok(Step::Bytes { socket, kind, bytes: bytes.ok_or("SOCKET HEX")? })
}

fn request(method: &str, rest: &str) -> Step {
    let mut parts = rest.splitn(3, ' ').map(str::to_owned);
    let path = parts.next().unwrap_or_default();
    let kind = match parts.next().unwrap_or_default().as_str() {
        "json" => "application/json".to_owned(),
        kind => kind.replacen("form", "application/x-www-form-urlencoded", 1),
    };
    Step::Request { method: method.to_owned(), path, kind, body: parts.next().unwrap_or_default() }
}

fn answer(rest: &str) -> Result<Step, Failed> {
    let (statuses, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let statuses: Result<_, _> = statuses.split(',').map(str::parse).collect();
    let body = match body.split_once(' ') {
        None if body.is_empty() => Body::Any,
        None if body == "empty" => Body::Empty,
        Some(("html", part)) => Body::Html(part.to_owned()),
        Some(("->", place)) => Body::Location(place.to_owned()),
        Some(_) | None => Body::Json(body.to_owned()),
    };
    Ok(Step::Answer { statuses: statuses.map_err(|_| "= STATUS BODY")?, body })
}

fn one(text: &str) -> Result<String, Failed> {
    let plain = !text.is_empty() && !text.contains([' ', '$']);
    if plain { Ok(text.to_owned()) } else { Err(format!("one name expected: {text:?}")) }
}

fn two(text: &str) -> Result<(String, String), Failed> {
    let (first, rest) = text.split_once(' ').ok_or_else(|| format!("too short: {text:?}"))?;
    Ok((first.to_owned(), rest.to_owned()))
}

fn words(text: &str) -> Result<Vec<String>, Failed> {
    text.split(' ').map(one).collect()
}
