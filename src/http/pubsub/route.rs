//! What a request asks for, by its method and its path.
//!
//! The path is taken as it came: it is parted at its slashes, the verb is what follows the last colon of the last
//! part, and each part is percent-decoded once. So an id may hold `%`, and a project a colon. Method and shape are
//! looked at first (404), then the form of names (400).

use actix_web::http::Method;
use percent_encoding::percent_decode_str;

use super::error::RestError;
use crate::domain::pubsub::name::{ProjectName, SnapshotName, SubscriptionName, TopicName};
use crate::domain::pubsub::refusal::PubsubRefusal;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum RestCall {
    Topic(TopicCall),
    Subscription(SubscriptionCall),
    Snapshot(SnapshotCall),
}

/// What is asked of a topic, or of all of a project.
#[derive(Debug, PartialEq, Eq)]
pub enum TopicCall {
    Create(TopicName),
    Get(TopicName),
    Update(TopicName),
    Delete(TopicName),
    List(ProjectName),
    ListSubscriptions(TopicName),
    ListSnapshots(TopicName),
    Publish(TopicName),
}

/// What is asked of a subscription, or of all of a project.
#[derive(Debug, PartialEq, Eq)]
pub enum SubscriptionCall {
    Create(SubscriptionName),
    Get(SubscriptionName),
    Update(SubscriptionName),
    Delete(SubscriptionName),
    List(ProjectName),
    Pull(SubscriptionName),
    Acknowledge(SubscriptionName),
    ModifyAckDeadline(SubscriptionName),
    ModifyPush(SubscriptionName),
    Seek(SubscriptionName),
    Detach(SubscriptionName),
}

/// What is asked of a snapshot, or of all of a project.
#[derive(Debug, PartialEq, Eq)]
pub enum SnapshotCall {
    Create(SnapshotName),
    Get(SnapshotName),
    Update(SnapshotName),
    Delete(SnapshotName),
    List(ProjectName),
}

/// Finds what a request asks for.
///
/// # Errors
/// Not found, unimplemented, or invalid argument for names.
pub fn find(method: &Method, path: &str) -> Result<RestCall, RestError> {
    let path = path.strip_prefix("/v1/").ok_or_else(RestError::no_route)?;
    let (path, verb) = verb(path);
    let parts = parts(path)?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(RestError::no_route());
    }
    let asked = (method.as_str(), verb);
    let call = match parts.as_slice() {
        ["projects", _, "schemas", ..] => Err(RestError::unimplemented("the service of schemas"))?,
        ["projects", _]
            if matches!(verb, Some("validateMessageTransform" | "testMessageTransform")) =>
        {
            Err(RestError::unimplemented("the transformation of messages"))?
        }
        ["projects", _, "topics" | "subscriptions" | "snapshots", _]
            if matches!(verb, Some("getIamPolicy" | "setIamPolicy" | "testIamPermissions")) =>
        {
            Err(RestError::unimplemented("access by IAM"))?
        }
        ["projects", project, collection] => in_project(asked, project, collection)?,
        ["projects", project, "topics", id] => topic(asked, project, id)?,
        ["projects", project, "topics", id, inner] => in_topic(asked, (project, id), inner)?,
        ["projects", project, "subscriptions", id] => subscription(asked, project, id)?,
        ["projects", project, "snapshots", id] => snapshot(asked, project, id)?,
        _ => None,
    };
    call.ok_or_else(RestError::no_route)
}

/// The verb of a path, and what is before it.
fn verb(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once(':') {
        Some((path, verb)) if !verb.contains('/') => (path, Some(verb)),
        Some(_) | None => (path, None),
    }
}

/// The parts of a path, each decoded once.
fn parts(path: &str) -> Result<Vec<String>, RestError> {
    let decoded = path.split('/').map(|part| {
        let text = percent_decode_str(part).decode_utf8().ok().filter(|_| is_encoded_well(part));
        text.map(|text| text.into_owned())
    });
    let parts: Option<_> = decoded.collect();
    parts.ok_or_else(|| PubsubRefusal::invalid("the path is not percent-encoded UTF-8").into())
}

fn is_encoded_well(part: &str) -> bool {
    let mut after_percent = part.as_bytes().split(|byte| *byte == b'%').skip(1);
    after_percent.all(|rest| rest.len() >= 2 && rest.iter().take(2).all(u8::is_ascii_hexdigit))
}

type FoundCall = Result<Option<RestCall>, PubsubRefusal>;
/// The method, and the verb of the path.
type AskedVerb<'a> = (&'a str, Option<&'a str>);

fn in_project(asked: AskedVerb<'_>, project: &str, collection: &str) -> FoundCall {
    if asked != ("GET", None) {
        return Ok(None);
    }
    let project = || ProjectName::new(project);
    Ok(Some(match collection {
        "topics" => RestCall::Topic(TopicCall::List(project()?)),
        "subscriptions" => RestCall::Subscription(SubscriptionCall::List(project()?)),
        "snapshots" => RestCall::Snapshot(SnapshotCall::List(project()?)),
        _ => return Ok(None),
    }))
}

fn topic(asked: AskedVerb<'_>, project: &str, id: &str) -> FoundCall {
    let call = match asked {
        ("PUT", None) => TopicCall::Create,
        ("GET", None) => TopicCall::Get,
        ("PATCH", None) => TopicCall::Update,
        ("DELETE", None) => TopicCall::Delete,
        ("POST", Some("publish")) => TopicCall::Publish,
        _ => return Ok(None),
    };
    TopicName::new(project, id).map(|name| Some(RestCall::Topic(call(name))))
}

fn in_topic(asked: AskedVerb<'_>, (project, id): (&str, &str), inner: &str) -> FoundCall {
    let call = match (asked, inner) {
        (("GET", None), "subscriptions") => TopicCall::ListSubscriptions,
        (("GET", None), "snapshots") => TopicCall::ListSnapshots,
        _ => return Ok(None),
    };
    TopicName::new(project, id).map(|name| Some(RestCall::Topic(call(name))))
}

fn subscription(asked: AskedVerb<'_>, project: &str, id: &str) -> FoundCall {
    let call = match asked {
        ("PUT", None) => SubscriptionCall::Create,
        ("GET", None) => SubscriptionCall::Get,
        ("PATCH", None) => SubscriptionCall::Update,
        ("DELETE", None) => SubscriptionCall::Delete,
        ("POST", Some("pull")) => SubscriptionCall::Pull,
        ("POST", Some("acknowledge")) => SubscriptionCall::Acknowledge,
        ("POST", Some("modifyAckDeadline")) => SubscriptionCall::ModifyAckDeadline,
        ("POST", Some("modifyPushConfig")) => SubscriptionCall::ModifyPush,
        ("POST", Some("seek")) => SubscriptionCall::Seek,
        ("POST", Some("detach")) => SubscriptionCall::Detach,
        _ => return Ok(None),
    };
    SubscriptionName::new(project, id).map(|name| Some(RestCall::Subscription(call(name))))
}

fn snapshot(asked: AskedVerb<'_>, project: &str, id: &str) -> FoundCall {
    let call = match asked {
        ("PUT", None) => SnapshotCall::Create,
        ("GET", None) => SnapshotCall::Get,
        ("PATCH", None) => SnapshotCall::Update,
        ("DELETE", None) => SnapshotCall::Delete,
        _ => return Ok(None),
    };
    SnapshotName::new(project, id).map(|name| Some(RestCall::Snapshot(call(name))))
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;

    use super::*;

    fn found(method: &str, path: &str) -> Result<RestCall, u16> {
        find(&method.parse().unwrap(), path).map_err(|error| error.status_code().as_u16())
    }

    #[test]
    fn ids_are_decoded_once_and_verbs_follow_the_last_colon() {
        let topic = |project: &str, id: &str| TopicName::new(project, id).unwrap();
        let publish = |project, id| Ok(RestCall::Topic(TopicCall::Publish(topic(project, id))));
        for (path, expected) in [
            ("/v1/projects/p/topics/abc:publish", publish("p", "abc")),
            ("/v1/projects/example.com:p/topics/abc:publish", publish("example.com:p", "abc")),
            ("/v1/projects/example.com%3Ap/topics/abc:publish", publish("example.com:p", "abc")),
            ("/v1/projects/p/topics/a%2525:publish", publish("p", "a%25")),
            ("/v1/projects/p/topics/a%25zz:publish", publish("p", "a%zz")),
            ("/v1/projects/p/topics/a~%7E+%2B:publish", publish("p", "a~~++")),
            ("/v1/projects/p/topics/a%zz:publish", Err(400)),
            ("/v1/projects/p/topics/ab%:publish", Err(400)),
            ("/v1/projects/p/topics/a%FFb:publish", Err(400)),
            ("/v1/projects/p/topics/a%2Fb:publish", Err(400)),
            ("/v1/projects/p/topics/abc:d:publish", Err(400)),
            ("/v1/projects/p/topics/t1:publish", Err(400)),
            ("/v1/projects/P/topics/abc:publish", Err(400)),
            ("/v1/projects/p/topics/abc%3Apublish", Err(404)),
            ("/v1/projects/p/topics/abc:Publish", Err(404)),
            ("/v1/projects/p/topics/abc:publish/", Err(404)),
            ("/v1/projects/p/topics//abc:publish", Err(404)),
            ("/v1/projects/p/topics/:publish", Err(404)),
            ("/v2/projects/p/topics/abc:publish", Err(404)),
            ("/v1/projects/p/topics/abc:", Err(404)),
            ("/v1/", Err(404)),
            ("/", Err(404)),
        ] {
            assert_eq!(found("POST", path), expected, "{path}");
        }
    }

    #[test]
    fn another_method_finds_nothing() {
        let verbs = [
            ("topics/abc", "PUT GET PATCH DELETE"),
            ("topics/abc:publish", "POST"),
            ("topics/abc/subscriptions", "GET"),
            ("topics/abc/snapshots", "GET"),
            ("topics/abc/topics", ""),
            ("topics", "GET"),
            ("subscriptions", "GET"),
            ("subscriptions/abc", "PUT GET PATCH DELETE"),
            ("subscriptions/abc:pull", "POST"),
            ("subscriptions/abc:acknowledge", "POST"),
            ("subscriptions/abc:modifyAckDeadline", "POST"),
            ("subscriptions/abc:modifyPushConfig", "POST"),
            ("subscriptions/abc:seek", "POST"),
            ("subscriptions/abc:detach", "POST"),
            ("subscriptions/abc:publish", ""),
            ("snapshots", "GET"),
            ("snapshots/abc", "PUT GET PATCH DELETE"),
            ("snapshots/abc:seek", ""),
            ("queues", ""),
        ];
        for (path, methods) in verbs {
            for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"]
            {
                let found = found(method, &format!("/v1/projects/p/{path}"));
                let is_served = methods.split(' ').any(|served| served == method);
                assert_eq!(found.is_ok(), is_served, "{method} {path}");
                assert!(is_served || found == Err(404), "{method} {path}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_said_to_be_so() {
        for (method, path) in [
            ("GET", "schemas"),
            ("POST", "schemas:validate"),
            ("GET", "schemas/abc"),
            ("POST", "schemas/abc:commit"),
            ("GET", "topics/abc:getIamPolicy"),
            ("POST", "topics/abc:setIamPolicy"),
            ("POST", "subscriptions/abc:testIamPermissions"),
            ("GET", "snapshots/abc:getIamPolicy"),
        ] {
            assert_eq!(found(method, &format!("/v1/projects/p/{path}")), Err(501), "{path}");
        }
        assert_eq!(found("POST", "/v1/projects/p:validateMessageTransform"), Err(501));
    }
}
