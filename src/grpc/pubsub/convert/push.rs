//! Where and how messages are pushed.

use crate::domain::pubsub::subscription::{OidcToken, PushConfig, Wrapping};
use crate::grpc::pubsub::wire;
use crate::grpc::pubsub::wire::push_config::{
    AuthenticationMethod, NoWrapper, OidcToken as WireToken, PubsubWrapper, Wrapper,
};

/// None: messages are pulled, since there is no endpoint.
pub fn config_from(said: wire::PushConfig) -> Option<PushConfig> {
    if said.push_endpoint.is_empty() {
        return None;
    }
    Some(PushConfig {
        endpoint: said.push_endpoint,
        attributes: said.attributes,
        oidc: said.authentication_method.map(|AuthenticationMethod::OidcToken(token)| OidcToken {
            service_account_email: token.service_account_email,
            audience: token.audience,
        }),
        wrapping: match said.wrapper {
            None => Wrapping::Default,
            Some(Wrapper::PubsubWrapper(PubsubWrapper {})) => Wrapping::Wrapped,
            Some(Wrapper::NoWrapper(NoWrapper { write_metadata })) => {
                Wrapping::Bare { writes_metadata: write_metadata }
            }
        },
    })
}

/// A push as it is told.
pub fn config_to(config: PushConfig) -> wire::PushConfig {
    wire::PushConfig {
        push_endpoint: config.endpoint,
        attributes: config.attributes,
        authentication_method: config.oidc.map(|token| {
            AuthenticationMethod::OidcToken(WireToken {
                service_account_email: token.service_account_email,
                audience: token.audience,
            })
        }),
        wrapper: match config.wrapping {
            Wrapping::Default => None,
            Wrapping::Wrapped => Some(Wrapper::PubsubWrapper(PubsubWrapper {})),
            Wrapping::Bare { writes_metadata } => {
                Some(Wrapper::NoWrapper(NoWrapper { write_metadata: writes_metadata }))
            }
        },
    }
}
