//! The hub's HTTP side: what it says of itself, and log-ins.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::address::Address;
use crate::net::tls;
use crate::wire::handshake;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks one hub.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    address: Address,
}

/// A user about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    #[serde(deserialize_with = "crate::accounts::id")]
    pub id: u64,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct LogIn {
    payload: Token,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Client {
    /// Nothing is asked yet; `ca` holds the authorities to trust instead of Mozilla's.
    ///
    /// # Errors
    /// If the authorities cannot be read.
    pub fn new(address: &Address, ca: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let roots = match ca {
            Some(file) => {
                let found = tls::authorities(file)?;
                RootCerts::from(found.iter().map(|der| Certificate::from_der(der).to_owned()))
            }
            None => RootCerts::WebPki,
        };
        let agent = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self { agent, address: address.clone() })
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        self.address.http(path)
    }

    /// The text at a path, which must come soon.
    ///
    /// # Errors
    /// If there is none.
    pub fn text(&self, path: &str, soon: Duration) -> anyhow::Result<String> {
        let request = self.agent.get(self.address.http(path));
        let mut answer = request.config().timeout_global(Some(soon)).build().call()?;
        good(&mut answer)
    }

    /// Logs a user in, and gives the token.
    ///
    /// # Errors
    /// If the hub refuses it, or cannot be asked.
    pub fn log_in(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let url = self.address.http("/api/v1/auth/login");
        let mut answer =
            self.agent.post(url).send_form([("email", email), ("password", password)])?;
        let LogIn { payload } = json(&mut answer)?;
        Ok(payload.token)
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// If the hub refuses it, or cannot be asked.
    pub fn me(&self, token: &str) -> anyhow::Result<Me> {
        let request = self.agent.get(self.address.http("/api/v1/me"));
        json(&mut request.header("Authorization", format!("Bearer {token}")).call()?)
    }
}

fn good(answer: &mut Response<ureq::Body>) -> anyhow::Result<String> {
    let text = answer.body_mut().read_to_string()?;
    let status = answer.status();
    let words = || handshake::message(text.as_bytes()).unwrap_or_default();
    ensure!(status.is_success(), "HTTP {} {}", status.as_u16(), words());
    Ok(text)
}

fn json<T: DeserializeOwned>(answer: &mut Response<ureq::Body>) -> anyhow::Result<T> {
    serde_json::from_str(&good(answer)?).context("the answer is none of Tradewind's")
}
