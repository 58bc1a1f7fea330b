//! What handlers take requests apart with, and make answers of.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use super::body::RestBody;
use super::error::RestError;
use super::json::{self, JsonObject, WireInt};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::refusal::PubsubRefusal;

/// What comes of a request.
pub type RestAnswer = Result<HttpResponse, RestError>;

/// In which clients of Google's say how long they wait, in seconds.
const PATIENCE: &str = "x-server-timeout";
/// What an answer may need on its way.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// A request that has come whole.
pub struct RestRequest {
    pub query: RestQuery,
    pub body: RestBody,
    pub head: HttpRequest,
}

/// What is read of queries; there may be more in them, such as `alt=json`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestQuery {
    #[serde(alias = "page_size")]
    page_size: WireInt,
    #[serde(alias = "page_token")]
    page_token: String,
    #[serde(alias = "update_mask")]
    update_mask: String,
}

impl RestRequest {
    /// The body; one that is empty is an empty object.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn json<T: DeserializeOwned + Default>(&self) -> Result<T, RestError> {
        let bytes = self.body.bytes.trim_ascii();
        if bytes.is_empty() {
            return Ok(T::default());
        }
        let read = serde_json::from_slice(bytes).map(|JsonObject(body)| body);
        read.map_err(|error: serde_json::Error| {
            PubsubRefusal::invalid(format!("the body cannot be read: {error}")).into()
        })
    }

    /// Which page of a list is asked for.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn page(&self) -> Result<ListAsked, RestError> {
        let WireInt(size) = self.query.page_size;
        Ok(ListAsked::new(size, &self.query.page_token)?)
    }

    /// The fields of an update, as the body says, or the query.
    pub fn mask(&self, in_body: Option<&str>) -> Vec<String> {
        let in_body = in_body.filter(|mask| !mask.is_empty());
        json::mask(in_body.unwrap_or(&self.query.update_mask))
    }

    /// How long the answer may be waited for, at most so long.
    pub fn patience(&self, max: Duration) -> Duration {
        let said = self.head.headers().get(PATIENCE).and_then(|value| value.to_str().ok());
        let said = said.and_then(|seconds| seconds.trim().parse().ok());
        let said = said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        said.map_or(max, |said| said.saturating_sub(ON_THE_WAY).min(max))
    }
}

/// An answer with something in it.
pub fn said(body: &impl Serialize) -> RestAnswer {
    Ok(HttpResponse::Ok().json(body))
}

/// The answer to what has been done: `{}`.
pub fn done() -> RestAnswer {
    #[derive(Serialize)]
    struct Done {}

    said(&Done {})
}

/// A page of a list, under the name of what is listed.
pub fn listed<T: Serialize>(name: &'static str, page: ListPage<T>) -> RestAnswer {
    said(&ListJson { name, page })
}

struct ListJson<T> {
    name: &'static str,
    page: ListPage<T>,
}

impl<T: Serialize> Serialize for ListJson<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.page.entries.is_empty() {
            map.serialize_entry(self.name, &self.page.entries)?;
        }
        if !self.page.next.is_empty() {
            map.serialize_entry("nextPageToken", &self.page.next)?;
        }
        map.end()
    }
}

/// A page of things as JSON has them.
pub fn page_of<T, J: From<T>>(page: ListPage<T>) -> ListPage<J> {
    ListPage { entries: page.entries.into_iter().map(J::from).collect(), next: page.next }
}
