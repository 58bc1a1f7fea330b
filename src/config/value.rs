//! The types a setting can have, and how each is read.
//!
//! A file says types, so it is read strictly: `workers = "2"` is a fault. The environment and the
//! command line only have text. Nothing here ever repeats a value in a message: it may be secret.

use serde_json::{Map, Value};

use super::secret::Secret;

/// A value as a file says it.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    Flag(bool),
    /// A number without fraction.
    Whole(i128),
    /// Between quotes.
    Text(String),
    /// Between brackets.
    List(Vec<Self>),
    /// Keys and their values.
    Table(Vec<(String, Self)>),
    /// What no setting is: a number with a fraction, a date.
    Other,
}

/// A type a setting can have.
pub trait SettingValue: Sized {
    /// What is accepted, to follow "must be".
    fn expected() -> String;

    /// The value as a file says it.
    fn from_typed(value: Typed) -> Option<Self>;

    /// The value as the environment or the command line says it.
    fn from_text(text: &str) -> Option<Self>;

    /// The value as a file would say it.
    fn literal(&self) -> String;
}

impl SettingValue for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        if let Typed::Flag(flag) = value { Some(flag) } else { None }
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn literal(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        if let Typed::Text(text) = value { Some(text) } else { None }
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn literal(&self) -> String {
        // A JSON string is a TOML string.
        serde_json::Value::from(self.as_str()).to_string()
    }
}

impl SettingValue for Secret {
    fn expected() -> String {
        String::expected()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        String::from_typed(value).map(Self::new)
    }

    fn from_text(text: &str) -> Option<Self> {
        String::from_text(text).map(Self::new)
    }

    fn literal(&self) -> String {
        self.expose().to_owned().literal()
    }
}

impl SettingValue for Vec<String> {
    fn expected() -> String {
        "a list of texts".to_owned()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        let Typed::List(items) = value else { return None };
        items.into_iter().map(String::from_typed).collect()
    }

    fn from_text(text: &str) -> Option<Self> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    }

    fn literal(&self) -> String {
        serde_json::Value::from(self.as_slice()).to_string()
    }
}

/// A list of tables, as JSON has them: for settings that are read as JSON is read elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(Vec<Value>);

impl Tables {
    /// The tables, each an object.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }
}

impl SettingValue for Tables {
    fn expected() -> String {
        "a list of tables, or as text one of objects in JSON".to_owned()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        let Typed::List(items) = value else { return None };
        let is_table = |item: &Typed| matches!(item, Typed::Table(_));
        let tables = items.into_iter().map(|item| is_table(&item).then(|| json_of(item)).flatten());
        tables.collect::<Option<_>>().map(Self)
    }

    fn from_text(text: &str) -> Option<Self> {
        let tables: Vec<Value> = serde_json::from_str(text).ok()?;
        tables.iter().all(Value::is_object).then_some(Self(tables))
    }

    fn literal(&self) -> String {
        inline(&Value::Array(self.0.clone()))
    }
}

/// A value of a file as JSON has it.
fn json_of(value: Typed) -> Option<Value> {
    match value {
        Typed::Flag(flag) => Some(flag.into()),
        Typed::Whole(whole) => i64::try_from(whole).ok().map(Value::from),
        Typed::Text(text) => Some(text.into()),
        Typed::List(items) => items.into_iter().map(json_of).collect::<Option<_>>(),
        Typed::Table(fields) => {
            let fields = fields.into_iter().map(|(key, value)| Some((key, json_of(value)?)));
            fields.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Typed::Other => None,
    }
}

/// A value as a file has it, in one line.
fn inline(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", joined(items.iter().map(inline).collect())),
        Value::Object(fields) => {
            let key = |key: &str| Value::from(key).to_string();
            let fields =
                fields.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value)));
            format!("{{{}}}", joined(fields.collect()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl SettingValue for $type {
            fn expected() -> String {
                format!("a whole number from 0 to {}", Self::MAX)
            }

            fn from_typed(value: Typed) -> Option<Self> {
                if let Typed::Whole(whole) = value { Self::try_from(whole).ok() } else { None }
            }

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn literal(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

whole_number!(u8, u32, u64, usize);

/// An enum that settings choose from by name. Made by `choice!`.
pub trait Choice: Copy + PartialEq + 'static {
    /// All there is to choose from.
    const NAMES: &'static [(&'static str, Self)];
}

impl<T: Choice> SettingValue for T {
    fn expected() -> String {
        let names: Vec<_> = T::NAMES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        names.join(" or ")
    }

    fn from_typed(value: Typed) -> Option<Self> {
        String::from_typed(value).and_then(|text| Self::from_text(&text))
    }

    fn from_text(text: &str) -> Option<Self> {
        T::NAMES.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice)
    }

    fn literal(&self) -> String {
        let named = T::NAMES.iter().find(|(_, choice)| choice == self);
        named.map_or_else(String::new, |(name, _)| format!("\"{name}\""))
    }
}

/// Makes an enum that settings can choose from by name; or, after `for`, lets them choose from one that
/// there is, of which every variant is listed.
macro_rules! choice {
    (
        $(#[doc = $about:literal])+
        $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, )+ }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        $crate::config::choice! { for $name { $( $variant = $text, )+ } }
    };
    (for $name:ident { $( $variant:ident = $text:literal, )+ }) => {
        impl $crate::config::Choice for $name {
            const NAMES: &'static [(&'static str, Self)] = {
                // A variant without a name stops the build here.
                const fn name(choice: $name) -> &'static str {
                    match choice {
                        $( $name::$variant => $text, )+
                    }
                }
                &[$( (name($name::$variant), $name::$variant), )+]
            };
        }
    };
}

pub(crate) use choice;
