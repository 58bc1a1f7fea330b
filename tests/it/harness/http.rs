//! An HTTP client, with deadlines on everything.

use std::net::SocketAddr;

use awc::http::StatusCode;
use serde_json::{Value, json};

use super::{DEADLINE, Server};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as JSON; `null` if it is none.
    pub json: Value,
    /// The body as text.
    pub text: String,
    /// The headers.
    pub headers: awc::http::header::HeaderMap,
}

impl Server {
    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        read(client().get(self.url(path)).send().await).await
    }

    /// `POST` of a form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        read(client().post(self.url(path)).send_form(&fields).await).await
    }

    /// `POST` of JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        read(client().post(self.url(path)).send_json(body).await).await
    }

    /// Any method, content type and body.
    pub async fn request(&self, method: &str, path: &str, kind: &str, body: String) -> Answer {
        self.request_as(None, (method, path), kind, body).await
    }

    /// The same, with a header `Authorization`.
    pub async fn request_as(
        &self,
        auth: Option<&str>,
        (method, path): (&str, &str),
        kind: &str,
        body: String,
    ) -> Answer {
        let method = method.parse().expect("a method");
        let mut request = client().request(method, self.url(path)).content_type(kind);
        if let Some(auth) = auth {
            request = request.insert_header(("authorization", auth));
        }
        read(request.send_body(body).await).await
    }
}

/// Any request to any server.
pub async fn send(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Answer {
    let mut request =
        client().request(method.parse().expect("a method"), format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    read(request.send_body(body.into()).await).await
}

/// `POST` of a form to any server.
pub async fn post_form(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Answer {
    read(client().post(format!("http://{address}{path}")).send_form(&fields).await).await
}

impl Answer {
    /// Asserts that this is an error in the envelope, with a text.
    #[track_caller]
    pub fn expect_error(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        let envelope = json!({"type": "error", "payload": {"message": message}});
        assert_eq!(self.json, envelope, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/json"));
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

/// The metrics of a server, wherever it runs.
pub async fn metrics(address: SocketAddr) -> String {
    read(client().get(format!("http://{address}/metrics")).send().await).await.text
}

/// The value of a metric in the text of [`metrics`]; 0 if it is not there yet.
pub fn metric(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

fn client() -> awc::Client {
    awc::Client::builder().timeout(DEADLINE).disable_redirects().finish()
}

type Sent<S> = Result<awc::ClientResponse<S>, awc::error::SendRequestError>;

async fn read<S>(sent: Sent<S>) -> Answer
where
    S: futures_util::Stream<Item = Result<bytes::Bytes, awc::error::PayloadError>> + Unpin,
{
    let mut response = sent.expect("an answer");
    let status: StatusCode = response.status();
    let body = response.body().await.expect("a whole body");
    let text = String::from_utf8(body.to_vec()).expect("text");
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    let headers = response.headers().clone();
    Answer { status: status.as_u16(), json, text, headers }
}
