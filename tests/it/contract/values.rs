//! The names of a transcript, what they stand for, and how what comes is compared.
//!
//! Functions in `${…}` (arguments are names or `'texts'`):
//! - `room(a,b)`: the address of the room of two users;
//! - `friend(me,a)`: the user `a` as his friend `me` reads it who has asked for features;
//! - `times('x',9)`: a text so many times;
//! - `odd('%',9)`: a text so many times, with commas between, each `%` being the next odd number;
//! - `cursor(t)`: the base64 of a time; `cursor(t,FORM)` changes it first: `zone` adds `+09:00`,
//!   `lean` unpads month and day, `whole` drops the fraction, `nopad` drops the base64 padding;
//! - `token(KIND,a)`: a token that is not good, see [`Values::bad_token`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tradewind::auth::token::Tokens;
use tradewind::clock::SystemClock;
use tradewind::domain::accounts::user::User;
use tradewind::domain::clock::{Clock as _, Timestamp};
use tradewind::domain::id::UserId;

use super::runner::Failed;
use crate::harness::Account;

/// 2^53: ids stay below it.
const ID_LIMIT: u64 = 1 << 53;

/// What names stand for.
pub struct Values {
    names: HashMap<String, String>,
    pub accounts: HashMap<String, Account>,
    pub tokens: Option<Tokens>,
}

impl Values {
    pub fn new(address: SocketAddr) -> Self {
        let host = ("host".to_owned(), address.to_string());
        Self { names: HashMap::from([host]), accounts: HashMap::new(), tokens: None }
    }

    /// Gives a name a value; it keeps the first one. `_` holds anything.
    pub fn bind(&mut self, name: &str, value: String) -> Result<(), Failed> {
        if name == "_" {
            return Ok(());
        }
        match self.names.insert(name.to_owned(), value.clone()) {
            Some(old) if old != value => {
                Err(format!("\nexpected {old} (bound to {name} before)\ngot      {value}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub fn account(&self, name: &str) -> Result<&Account, Failed> {
        self.accounts.get(name).ok_or_else(|| format!("no user {name}"))
    }

    /// Asserts that the values of some names strictly increase: numbers as such, else as text.
    pub fn rising(&self, names: &[String]) -> Result<(), Failed> {
        let values: Vec<String> =
            names.iter().map(|name| self.value(name)).collect::<Result<_, _>>()?;
        let key = |value: &String| (value.parse::<u64>().unwrap_or(0), value.clone());
        if values.is_sorted_by(|a, b| key(a) < key(b)) {
            Ok(())
        } else {
            Err(format!("expected to rise: {values:?}"))
        }
    }

    /// Puts values in; `${n}` is the number of the turn.
    pub fn expand_nth(&self, text: &str, n: u32) -> Result<String, Failed> {
        self.expand(&text.replace("${n}", &n.to_string()))
    }

    /// Puts values in for `${…}`; what still waits for its value, `${name:kind}`, stays.
    pub fn expand(&self, text: &str) -> Result<String, Failed> {
        let mut parts = text.split("${");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (inner, rest) = part.split_once('}').ok_or("${ without }")?;
            match inner.split_once(':') {
                Some((name, _)) if is_name(name) => out.extend(["${", inner, "}"]),
                Some(_) | None => out.push_str(&self.value(inner)?),
            }
            out.push_str(rest);
        }
        Ok(out)
    }

    fn value(&self, expression: &str) -> Result<String, Failed> {
        if let Some((function, arguments)) =
            expression.strip_suffix(')').and_then(|call| call.split_once('('))
        {
            let arguments: Vec<&str> = arguments.split(',').collect();
            return self.call(function, &arguments);
        }
        if let Some((user, field)) = expression.split_once('.') {
            return self.field(user, field);
        }
        let bound = self.names.get(expression).cloned();
        bound.ok_or_else(|| format!("nothing is bound to {expression}"))
    }

    fn field(&self, name: &str, field: &str) -> Result<String, Failed> {
        let account = self.account(name)?;
        let User { id, name, profile } = &account.user;
        Ok(match field {
            "id" => id.to_string(),
            "token" => account.token.clone(),
            "user" => json!({"id": id.to_string(), "name": name, "profile": profile}).to_string(),
            _ => return Err(format!("a user has no {field}")),
        })
    }

    fn call(&self, function: &str, arguments: &[&str]) -> Result<String, Failed> {
        match (function, arguments) {
            ("room", [a, b]) => Ok((self.id(a)? ^ self.id(b)?).to_string()),
            ("friend", [me, other]) => {
                let User { id, name, profile } = &self.account(other)?.user;
                let room = (self.id(me)? ^ self.id(other)?).to_string();
                let (id, room) = (json!(id.to_string()), json!(room));
                let (name, profile) = (json!(name), json!(profile));
                // In the order of the wire, for lines that are compared byte for byte.
                Ok(format!(r#"{{"id":{id},"name":{name},"profile":{profile},"room":{room}}}"#))
            }
            ("times", [text, times]) => {
                let times: usize = times.parse().map_err(|_| "times('x',9)")?;
                Ok(self.text(text)?.repeat(times))
            }
            ("odd", [text, times]) => {
                let (text, times): (_, u32) =
                    (self.text(text)?, times.parse().map_err(|_| "odd('%',9)")?);
                let nth = |n: u32| text.replace('%', &(2 * n + 1).to_string());
                Ok((0..times).map(nth).collect::<Vec<_>>().join(","))
            }
            ("cursor", [time]) => Ok(BASE64_STANDARD.encode(self.text(time)?)),
            ("cursor", [time, form]) => cursor(&self.text(time)?, form),
            ("token", [kind, user]) => self.bad_token(kind, &self.account(user)?.user),
            _ => Err(format!("unknown function {function} of {} arguments", arguments.len())),
        }
    }

    /// A quoted text, or the value of a name.
    fn text(&self, argument: &str) -> Result<String, Failed> {
        let quoted = argument.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        quoted.map_or_else(|| self.value(argument), |text| Ok(text.to_owned()))
    }

    /// The id of a user of the transcript, or one that is bound to a name.
    fn id(&self, name: &str) -> Result<i64, Failed> {
        match self.accounts.get(name) {
            Some(account) => Ok(account.id()),
            None => self.text(name)?.parse().map_err(|_| format!("{name} is no id")),
        }
    }

    /// A token of a user that must not be accepted: of a foreign secret, expired long ago, with
    /// the algorithm `none`, with another user written into it, or well made for nobody.
    pub fn bad_token(&self, kind: &str, user: &User) -> Result<String, Failed> {
        let tokens = self.tokens.as_ref().ok_or("no server")?;
        let now = SystemClock::start().now();
        let issue = |tokens: &Tokens, user: &User, now| {
            let signed = tokens.draft(now).and_then(|draft| tokens.sign(user, &draft));
            signed.map_err(|error| error.to_string())
        };
        let foreign = Tokens::new(&[b'x'; 32], Duration::from_secs(60), Arc::default());
        match kind {
            "foreign" => issue(&foreign, user, now),
            "expired" => issue(tokens, user, Timestamp::from_micros(0)),
            "ghost" => {
                let id = UserId::new(user.id.get() ^ (1 << 52)).ok_or("an id")?;
                issue(tokens, &User { id, ..user.clone() }, now)
            }
            "unsigned" => {
                let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
                let good = issue(tokens, user, now)?;
                let claims = good.split('.').nth(1).ok_or("claims")?;
                Ok(format!("{header}.{claims}."))
            }
            "swapped" => {
                let id = UserId::new(user.id.get() ^ 2).ok_or("an id")?;
                let (mine, theirs) = (
                    issue(tokens, user, now)?,
                    issue(&foreign, &User { id, ..user.clone() }, now)?,
                );
                let parts: Vec<&str> = mine.split('.').collect();
                let claims = theirs.split('.').nth(1).ok_or("claims")?;
                Ok(format!("{}.{claims}.{}", parts[0], parts[2]))
            }
            _ => Err(format!("unknown kind of token {kind}")),
        }
    }

    /// Compares what came with what was expected, and binds what it captures.
    pub fn check(&mut self, expected: &str, got: &Value) -> Result<(), Failed> {
        let wanted: Value = serde_json::from_str(expected)
            .map_err(|error| format!("the expectation is no JSON: {expected} ({error})"))?;
        self.compare(&wanted, got)
            .map_err(|why| format!("{why}\nexpected {expected}\ngot      {got}"))
    }

    fn compare(&mut self, expected: &Value, got: &Value) -> Result<(), Failed> {
        match (expected, got) {
            (Value::String(text), Value::String(value)) => match capture(text) {
                Some((name, kind)) => {
                    is_of_kind(value, kind)?;
                    self.bind(name, value.clone())
                }
                None if text == value => Ok(()),
                None => Err(format!("{value:?} is not {text:?}")),
            },
            (Value::Object(fields), Value::String(text)) if fields.contains_key("$text") => {
                let held = serde_json::from_str(text).map_err(|_| "a string without JSON")?;
                self.compare(&fields["$text"], &held)
            }
            (Value::Object(fields), Value::Object(values)) => {
                let (mut wanted, mut came): (Vec<_>, Vec<_>) =
                    (fields.keys().collect(), values.keys().collect());
                wanted.sort();
                came.sort();
                if wanted != came {
                    return Err(format!("the keys are {came:?}"));
                }
                fields.iter().try_for_each(|(key, field)| self.compare(field, &values[key]))
            }
            (Value::Array(items), Value::Array(values)) if items.len() == values.len() => {
                let mut pairs = items.iter().zip(values);
                pairs.try_for_each(|(item, value)| self.compare(item, value))
            }
            _ if expected == got => Ok(()),
            _ => Err(format!("{got} is not {expected}")),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The name and kind of a text that is a capture and nothing else.
pub fn capture(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.strip_suffix('}')?.split_once(':')
}

pub fn is_of_kind(value: &str, kind: &str) -> Result<(), Failed> {
    let url_safe = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let fits = match kind {
        "id" => value
            .parse()
            .is_ok_and(|id: u64| (1..ID_LIMIT).contains(&id) && id.to_string() == value),
        "time" => is_korean_now(value),
        "utc" => is_utc_now(value),
        "uuid" => is_uuid_4(value),
        "text" => !value.is_empty(),
        // 128 random bits need 22 characters of base64.
        "key" => value.len() >= 22 && url_safe(value),
        "token" => value.split('.').count() == 3 && value.split('.').all(url_safe),
        _ => return Err(format!("unknown kind {kind}")),
    };
    if fits { Ok(()) } else { Err(format!("{value:?} is no {kind}")) }
}

/// Whether a text is `YYYY-MM-DD HH:MM:SS.ffffff`, and that moment in Korea is about now.
fn is_korean_now(text: &str) -> bool {
    let form = "dddd-dd-dd dd:dd:dd.dddddd".bytes();
    let fits = text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    let moment = format!("{}+09:00", text.replace(' ', "T")).parse::<jiff::Timestamp>();
    let since = moment.map(|moment| jiff::Timestamp::now().duration_since(moment).as_secs());
    fits && since.is_ok_and(|seconds| seconds.abs() < 600)
}

/// Whether a text is `YYYY-MM-DDTHH:MM:SS.fffZ`, and that moment is about now.
fn is_utc_now(text: &str) -> bool {
    let since = text.parse::<jiff::Timestamp>();
    let since = since.map(|moment| jiff::Timestamp::now().duration_since(moment).as_secs());
    text.len() == 24 && text.ends_with('Z') && since.is_ok_and(|seconds| seconds.abs() < 600)
}

fn is_uuid_4(text: &str) -> bool {
    let form = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".bytes();
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| match form {
            b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            b'y' => b"89ab".contains(&byte),
            _ => byte == form,
        })
}

fn cursor(time: &str, form: &str) -> Result<String, Failed> {
    let (date, clock) = time.split_once(' ').ok_or("no time")?;
    let text = match form {
        "nopad" => return Ok(BASE64_STANDARD_NO_PAD.encode(time)),
        "zone" => format!("{time}+09:00"),
        "lean" => format!("{} {clock}", date.replace("-0", "-")),
        "whole" => time.split('.').next().unwrap_or_default().to_owned(),
        _ => return Err(format!("unknown form {form}")),
    };
    Ok(BASE64_STANDARD.encode(text))
}
