//! What a push says: its headers and its body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request, Uri};
use serde::Serialize;
use url::Url;

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::message::{Attributes, PublishedMessage, PulledMessage};
use crate::domain::pubsub::subscription::{PushConfig, Subscription, Wrapping};

const AGENT: &str =
    concat!("Tradewind-PubSub/", env!("CARGO_PKG_VERSION"), " (compatible; CloudPubSub-Google)");

/// Headers that are not the publisher's to set: of the connection, of who asks, and of the body.
const NOT_FROM_ATTRIBUTES: [&str; 19] = [
    "accept",
    "authorization",
    "connection",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// A message as JSON, with the names that are in use.
#[derive(Serialize)]
struct WrappedMessage<'a> {
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "String::is_empty")]
    data: String,
    #[serde(rename = "messageId")]
    id: String,
    message_id: String,
    #[serde(rename = "orderingKey", skip_serializing_if = "str::is_empty")]
    ordering_key: &'a str,
    #[serde(rename = "publishTime")]
    published_at: String,
    publish_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrappedPush<'a> {
    message: WrappedMessage<'a>,
    subscription: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_attempt: Option<u32>,
}

/// The push of a message, perhaps with a token. None if the endpoint is no address.
pub fn request(
    (subscription, push): (&Subscription, &PushConfig),
    pulled: &PulledMessage,
    token: Option<&str>,
) -> Option<Request<Full<Bytes>>> {
    let message = &pulled.message;
    let (body, kind) = match push.wrapping {
        Wrapping::Default | Wrapping::Wrapped => {
            (wrapped(subscription, pulled)?, "application/json")
        }
        Wrapping::Bare { .. } => {
            (Bytes::from(message.draft.data.clone()), "application/octet-stream")
        }
    };
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(&push.endpoint)?;
    let headers = request.headers_mut();
    if push.wrapping == (Wrapping::Bare { writes_metadata: true }) {
        write_metadata(headers, subscription, message);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(token) = token {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    Some(request)
}

/// An endpoint as it was set, if it can be said so on the wire; else as browsers would.
fn uri(endpoint: &str) -> Option<Uri> {
    endpoint.parse().ok().or_else(|| Url::parse(endpoint).ok()?.as_str().parse().ok())
}

fn wrapped(subscription: &Subscription, pulled: &PulledMessage) -> Option<Bytes> {
    let PublishedMessage { id, draft } = &*pulled.message;
    let published_at = rfc3339(pulled.message.published_at());
    let push = WrappedPush {
        message: WrappedMessage {
            attributes: &draft.attributes,
            data: STANDARD.encode(&draft.data),
            id: id.to_string(),
            message_id: id.to_string(),
            ordering_key: &draft.ordering_key,
            publish_time: published_at.clone(),
            published_at,
        },
        subscription: subscription.name.to_string(),
        delivery_attempt: pulled.delivery_attempt,
    };
    serde_json::to_vec(&push).ok().map(Bytes::from)
}

/// Attributes as headers, as far as they can and may be; then what the hub itself has to say.
fn write_metadata(
    headers: &mut HeaderMap,
    subscription: &Subscription,
    message: &PublishedMessage,
) {
    for (key, value) in &message.draft.attributes {
        let value = HeaderValue::from_str(value).ok().filter(|_| value.is_ascii());
        let pair = HeaderName::try_from(key).ok().zip(value);
        if let Some((name, value)) = pair.filter(|(name, _)| is_free(name.as_str())) {
            headers.insert(name, value);
        }
    }
    let draft = &message.draft;
    let said = [
        ("x-goog-pubsub-subscription-name", subscription.name.to_string()),
        ("x-goog-pubsub-message-id", message.id.to_string()),
        ("x-goog-pubsub-publish-time", rfc3339(message.published_at())),
        ("x-goog-ordering-key", draft.ordering_key.clone()),
    ];
    for (name, value) in said {
        let name = HeaderName::from_static(name);
        headers.remove(&name);
        if let Ok(value) = HeaderValue::try_from(value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}

fn is_free(name: &str) -> bool {
    !name.starts_with("content-") && !NOT_FROM_ATTRIBUTES.contains(&name)
}

/// `2026-11-21T21:53:41.339000Z`.
fn rfc3339(moment: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(moment.micros())
        .map(|moment| format!("{moment:.6}"))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
