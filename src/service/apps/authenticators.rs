//! Who shows a token of an app at a socket.

use super::Apps;
use super::devices::{DEVICE, DeviceAuthenticator};
use super::socket_users::{SOCKET_USER, SocketUserAuthenticator};
use crate::domain::apps::app::Level;
use crate::domain::principal::{IdentifyError, Identity, Principal, Voucher};
use crate::service::ServiceFault;
use crate::service::authenticators::{Authentication, Authenticator};

/// The scheme of operators: a token.
pub const CONSOLE: &str = "app-console";

/// All who judge what is shown at sockets of apps, by the names of their schemes.
pub fn authenticators(
    apps: &Apps,
) -> impl Iterator<Item = (&'static str, Box<dyn Authenticator>)> + use<> {
    let console: Box<dyn Authenticator> = Box::new(ConsoleAuthenticator(apps.clone()));
    let device: Box<dyn Authenticator> = Box::new(DeviceAuthenticator(apps.clone()));
    let socket: Box<dyn Authenticator> = Box::new(SocketUserAuthenticator(apps.clone()));
    [(CONSOLE, console), (DEVICE, device), (SOCKET_USER, socket)].into_iter()
}

/// Judges operators' tokens.
struct ConsoleAuthenticator(Apps);

impl Authenticator for ConsoleAuthenticator {
    fn check(&self, parts: &[String]) -> Authentication {
        let (apps, token) = (self.0.clone(), parts.first().cloned().unwrap_or_default());
        Authentication::Later(Box::pin(async move {
            let token = apps.token(&token).await?.ok_or(IdentifyError::Credential)?;
            if token.level != Level::ThirdPartyConsole {
                return Err(IdentifyError::Principal);
            }
            let principal = Principal::Console(token.app);
            Ok(Identity { principal, voucher: Voucher::App(Box::new(token)) })
        }))
    }
}

impl From<ServiceFault> for IdentifyError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(_) | ServiceFault::Busy => Self::Busy,
            ServiceFault::Internal => Self::Internal,
        }
    }
}
