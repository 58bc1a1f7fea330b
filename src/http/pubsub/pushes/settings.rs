//! What is set of pushes, in the section `pubsub`.

use crate::auth::oidc::KeySets;
use crate::config::{Rule, SettingValue, Typed, choice};
use crate::domain::pubsub::endpoint::PushReach;
use crate::domain::pubsub::name::{ProjectName, TopicName};

choice! {
    /// What a push to the hub has to show beside the token of its query.
    PushAuth {
        /// A token of its sender.
        Strict = "strict",
        /// The same; but who is on this machine may show none. For development.
        Simulate = "simulate",
    }
}

/// Whether the hub pushes to this machine and to private networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivatePush {
    /// If it can be reached from this machine alone.
    Auto,
    Yes,
    No,
}

impl PrivatePush {
    /// How far pushes go, of a hub that can be reached from this machine alone, or not.
    pub const fn reach(self, is_loopback: bool) -> PushReach {
        match self {
            Self::Yes => PushReach::Private,
            Self::Auto if is_loopback => PushReach::Private,
            Self::Auto | Self::No => PushReach::Public,
        }
    }
}

impl SettingValue for PrivatePush {
    fn expected() -> String {
        "true, false or \"auto\"".to_owned()
    }

    fn from_typed(value: Typed) -> Option<Self> {
        match value {
            Typed::Flag(true) => Some(Self::Yes),
            Typed::Flag(false) => Some(Self::No),
            Typed::Text(text) => Self::from_text(&text),
            Typed::Whole(_) | Typed::List(_) | Typed::Table(_) | Typed::Other => None,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "true" => Some(Self::Yes),
            "false" => Some(Self::No),
            _ => None,
        }
    }

    fn literal(&self) -> String {
        match self {
            Self::Auto => "\"auto\"",
            Self::Yes => "true",
            Self::No => "false",
        }
        .to_owned()
    }
}

/// A list of `issuer=file` and `self`.
pub fn issuers() -> Rule<Vec<String>> {
    let must_be =
        "issuers with files of their keys, such as https://issuer.example=keys.json, or self";
    Rule::new(must_be, |issuers: &Vec<String>| KeySets::is_list(issuers))
}

/// The name of a project, or nothing.
pub fn project_or_empty() -> Rule<String> {
    Rule::new("empty, or the name of a project, such as my-project", |project: &String| {
        project.is_empty() || ProjectName::new(project).is_ok()
    })
}

/// The id of a topic, or nothing.
pub fn topic_or_empty() -> Rule<String> {
    Rule::new("empty, or the id of a topic, such as my-topic", |topic: &String| {
        topic.is_empty() || TopicName::new("p", topic).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_pushes_are_a_flag_or_follow_the_address() {
        for (text, value) in
            [("auto", PrivatePush::Auto), ("true", PrivatePush::Yes), ("false", PrivatePush::No)]
        {
            assert_eq!(PrivatePush::from_text(text), Some(value));
            assert_eq!(value.literal().trim_matches('"'), text);
        }
        assert_eq!(PrivatePush::from_typed(Typed::Flag(true)), Some(PrivatePush::Yes));
        assert_eq!(PrivatePush::from_typed(Typed::Text("auto".into())), Some(PrivatePush::Auto));
        assert_eq!(PrivatePush::from_text("yes"), None);
        assert_eq!(PrivatePush::Auto.reach(true), PushReach::Private);
        assert_eq!(PrivatePush::Auto.reach(false), PushReach::Public);
        assert_eq!(PrivatePush::No.reach(true), PushReach::Public);
    }
}
