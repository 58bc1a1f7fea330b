//! What requests and answers are as JSON, by the rules of proto3: camelCase out, that or snake_case in, and what is
//! not there, or null, is the default. A field that is unknown is refused; what is empty is not written.

mod message;
mod push;
mod scalar;
mod snapshot;
mod subscription;
mod time;
mod topic;

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use self::message::{
    AckDeadlineJson, AcksJson, PublishJson, PublishedJson, PullJson, PulledJson,
};
pub use self::push::{ModifyPushJson, PushConfigJson};
pub use self::scalar::WireInt;
pub use self::snapshot::{SeekJson, SnapshotJson, SnapshotUpdateJson};
pub use self::subscription::{SubscriptionJson, SubscriptionUpdateJson};
pub use self::topic::{TopicJson, TopicUpdateJson};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};

/// What stands in place of the name of a topic that has been deleted.
const DELETED_TOPIC: &str = "_deleted-topic_";

/// What is an object, and no array of its values, which serde would take for it.
pub struct JsonObject<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = JsonObject<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(JsonObject)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A field that is an object.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let object = Option::<JsonObject<T>>::deserialize(deserializer)?;
    Ok(object.map(|JsonObject(object)| object))
}

/// A field that is a list of objects.
fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let objects = Option::<Vec<JsonObject<T>>>::deserialize(deserializer)?;
    Ok(objects.map(|objects| objects.into_iter().map(|JsonObject(object)| object).collect()))
}

/// Looks at a name that a body repeats: it is that of the path.
///
/// # Errors
/// Invalid argument.
pub fn same_name(
    field: &str,
    said: Option<&str>,
    name: &impl Display,
) -> Result<(), PubsubRefusal> {
    match said {
        Some(said) if !said.is_empty() && said != name.to_string() => {
            Err(PubsubRefusal::invalid(format!("{field} in the body is not that of the path")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses what is not there, unless it is asked for empty.
fn unsupported(field: &str, said: Option<&Value>) -> Result<(), PubsubRefusal> {
    let is_empty = match said {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => false,
    };
    let what =
        || PubsubRefusal::new(PubsubStatus::Unimplemented, format!("{field} is not supported"));
    if is_empty { Ok(()) } else { Err(what()) }
}

/// The fields that a mask names, in snake_case: the mask separates them by commas.
pub fn mask(said: &str) -> Vec<String> {
    let fields = said.split(',').map(str::trim).filter(|field| !field.is_empty());
    fields.map(snake_case).collect()
}

fn snake_case(field: &str) -> String {
    let mut snake = String::with_capacity(field.len());
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// None for what is not written.
fn unless_empty<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_read_in_either_spelling() {
        let read = mask("labels,messageRetentionDuration, push_config.pushEndpoint,");
        assert_eq!(read, ["labels", "message_retention_duration", "push_config.push_endpoint"]);
        assert!(mask("").is_empty());
    }

    #[test]
    fn a_name_in_the_body_is_that_of_the_path_or_none() {
        let name = "projects/p/topics/abc".to_owned();
        for (said, is_good) in
            [(None, true), (Some(""), true), (Some(&*name), true), (Some("abc"), false)]
        {
            assert_eq!(same_name("name", said, &name).is_ok(), is_good, "{said:?}");
        }
    }
}
