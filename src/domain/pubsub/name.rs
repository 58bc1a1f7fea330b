//! Names of topics, subscriptions and snapshots: `projects/{project}/topics/{id}` and so on.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refusal::PubsubRefusal;

const ID_CHARS_MIN: usize = 3;
const ID_CHARS_MAX: usize = 255;
const PROJECT_CHARS_MAX: usize = 63;

/// A sort of thing that has a name in a project.
pub trait Kind: Copy + Eq + Ord + std::hash::Hash + fmt::Debug + Send + Sync + 'static {
    /// The word for many of them, as it stands in names.
    const COLLECTION: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:ident, $word:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $kind;

            impl Kind for $kind {
                const COLLECTION: &'static str = $word;
            }

            $(#[$doc])*
            pub type $name = ResourceName<$kind>;
        )+
    };
}

kinds! {
    /// The name of a topic.
    TopicKind, TopicName, "topics";
    /// The name of a subscription.
    SubscriptionKind, SubscriptionName, "subscriptions";
    /// The name of a snapshot.
    SnapshotKind, SnapshotName, "snapshots";
}

/// A name that is well-formed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceName<K: Kind> {
    project: Box<str>,
    id: Box<str>,
    kind: PhantomData<K>,
}

/// The name of a project that is well-formed. It stands for itself: nobody makes projects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(Box<str>);

impl ProjectName {
    /// A project, by its bare name.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn new(name: &str) -> Result<Self, PubsubRefusal> {
        let starts = |first: char| first.is_ascii_lowercase() || first.is_ascii_digit();
        let goes_on = |c: char| starts(c) || matches!(c, '.' | ':' | '-');
        let is_good = name.len() <= PROJECT_CHARS_MAX
            && name.starts_with(starts)
            && name.chars().all(goes_on);
        match is_good {
            true => Ok(Self(name.into())),
            false => Err(PubsubRefusal::invalid(format!("Invalid project name: {name:?}"))),
        }
    }

    /// A project, as `projects/{project}`.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn parse(path: &str) -> Result<Self, PubsubRefusal> {
        let name = path.strip_prefix("projects/");
        Self::new(name.ok_or_else(|| PubsubRefusal::invalid(format!("Invalid project: {path:?}")))?)
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: Kind> ResourceName<K> {
    /// A name of both parts.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn new(project: &str, id: &str) -> Result<Self, PubsubRefusal> {
        let ProjectName(project) = ProjectName::new(project)?;
        let goes_on =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '%');
        let is_google = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("goog"));
        let is_good = (ID_CHARS_MIN..=ID_CHARS_MAX).contains(&id.len())
            && id.starts_with(|first: char| first.is_ascii_alphabetic())
            && id.chars().all(goes_on)
            && !is_google;
        if !is_good {
            let what = format!("Invalid resource name given (name={id:?}) for {}", K::COLLECTION);
            return Err(PubsubRefusal::invalid(what));
        }
        Ok(Self { project, id: id.into(), kind: PhantomData })
    }

    /// A whole name, as [`fmt::Display`] writes it.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn parse(path: &str) -> Result<Self, PubsubRefusal> {
        let mut parts = path.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("projects"), Some(project), Some(word), Some(id), None)
                if word == K::COLLECTION =>
            {
                Self::new(project, id)
            }
            _ => Err(PubsubRefusal::invalid(format!("Invalid resource name: {path:?}"))),
        }
    }

    /// The bare name of the project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The part that is its own in the project.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<K: Kind> fmt::Display for ResourceName<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projects/{}/{}/{}", self.project, K::COLLECTION, self.id)
    }
}

impl<K: Kind> Serialize for ResourceName<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for ResourceName<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        Self::parse(&path).map_err(|refusal| serde::de::Error::custom(refusal.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_google_wants_them() {
        for good in ["abc", "T-._~+%3", &"x".repeat(255)] {
            let name = TopicName::new("my-project", good).unwrap();
            assert_eq!(TopicName::parse(&name.to_string()).unwrap(), name);
        }
        for bad in
            ["t1", "", "1ab", "goog-x", "GOOGle", "a b", "a:b", "a/b", "é23", &"x".repeat(256)]
        {
            assert!(TopicName::new("my-project", bad).is_err(), "{bad}");
        }
        for project in ["", "-a", "A", &"x".repeat(64), "a/b", "a_b"] {
            assert!(TopicName::new(project, "abc").is_err(), "{project}");
        }
        assert!(ProjectName::new("example.com:my-project").is_ok());
        for bad in [
            "projects/p/topics",
            "projects/p/subscriptions/abc",
            "x/p/topics/abc",
            "projects/p/topics/abc/d",
        ] {
            assert!(TopicName::parse(bad).is_err(), "{bad}");
        }
    }
}
