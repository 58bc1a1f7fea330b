//! Where messages are pushed to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{object, unless_empty};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::subscription::{OidcToken, PushConfig, Wrapping};

/// A push config; empty if messages are pulled.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PushConfigJson {
    #[serde(alias = "push_endpoint", skip_serializing_if = "Option::is_none")]
    push_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<BTreeMap<String, String>>,
    #[serde(
        deserialize_with = "object",
        alias = "oidc_token",
        skip_serializing_if = "Option::is_none"
    )]
    oidc_token: Option<OidcTokenJson>,
    #[serde(
        deserialize_with = "object",
        alias = "pubsub_wrapper",
        skip_serializing_if = "Option::is_none"
    )]
    pubsub_wrapper: Option<PubsubWrapperJson>,
    #[serde(
        deserialize_with = "object",
        alias = "no_wrapper",
        skip_serializing_if = "Option::is_none"
    )]
    no_wrapper: Option<NoWrapperJson>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct OidcTokenJson {
    #[serde(alias = "service_account_email", skip_serializing_if = "Option::is_none")]
    service_account_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PubsubWrapperJson {}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct NoWrapperJson {
    #[serde(alias = "write_metadata", skip_serializing_if = "Option::is_none")]
    write_metadata: Option<bool>,
}

/// A new push config for a subscription.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ModifyPushJson {
    pub subscription: Option<String>,
    #[serde(deserialize_with = "object", alias = "push_config")]
    pub push_config: Option<PushConfigJson>,
}

impl PushConfigJson {
    /// What is set by it; None if nothing is.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn config(self) -> Result<Option<PushConfig>, PubsubRefusal> {
        let wrapping = match (self.pubsub_wrapper, self.no_wrapper) {
            (None, None) => Wrapping::Default,
            (Some(_), None) => Wrapping::Wrapped,
            (None, Some(bare)) => {
                Wrapping::Bare { writes_metadata: bare.write_metadata.unwrap_or_default() }
            }
            (Some(_), Some(_)) => {
                let what = "only one of pubsubWrapper and noWrapper may be set";
                return Err(PubsubRefusal::invalid(what));
            }
        };
        Ok(unless_empty(PushConfig {
            endpoint: self.push_endpoint.unwrap_or_default(),
            attributes: self.attributes.unwrap_or_default(),
            oidc: self.oidc_token.map(|token| OidcToken {
                service_account_email: token.service_account_email.unwrap_or_default(),
                audience: token.audience.unwrap_or_default(),
            }),
            wrapping,
        }))
    }
}

impl From<PushConfig> for PushConfigJson {
    fn from(push: PushConfig) -> Self {
        let (pubsub_wrapper, no_wrapper) = match push.wrapping {
            Wrapping::Default => (None, None),
            Wrapping::Wrapped => (Some(PubsubWrapperJson {}), None),
            Wrapping::Bare { writes_metadata } => {
                (None, Some(NoWrapperJson { write_metadata: unless_empty(writes_metadata) }))
            }
        };
        Self {
            push_endpoint: unless_empty(push.endpoint),
            attributes: unless_empty(push.attributes),
            oidc_token: push.oidc.map(|oidc| OidcTokenJson {
                service_account_email: unless_empty(oidc.service_account_email),
                audience: unless_empty(oidc.audience),
            }),
            pubsub_wrapper,
            no_wrapper,
        }
    }
}
