//! `/api/v1`: what each noun does, and what is the same for all.

mod account;
mod docs;
mod examples;
mod frame;
mod groups;
mod logins;
mod matrix;
mod people;
mod rooms;
mod users;

use serde_json::Value;

use crate::harness::http::Answer;
use crate::harness::{Account, Server};

impl Server {
    /// A request by a user; the path is below `/api/v1`.
    pub async fn api(&self, who: &Account, method: &str, path: &str, body: Value) -> Answer {
        self.api_with(&who.token, method, path, body).await
    }

    /// The same, by a token.
    pub async fn api_with(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let (bearer, path) = (format!("Bearer {token}"), format!("/api/v1{path}"));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.request_as(Some(&bearer), (method, &path), "application/json", body).await
    }
}

impl Answer {
    /// Asserts that this is a problem.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, &self.json["code"]), (status, &code.into()), "{}", self.text);
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("/docs#{code}"));
        assert!(self.json["title"].is_string());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
    }

    /// Asserts that this is a success, and gives its body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.text);
        &self.json
    }
}
