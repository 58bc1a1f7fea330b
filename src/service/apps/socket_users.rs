//! Who comes at a socket of customer chat: a user of an app, at a device.

use std::sync::Arc;

use super::Apps;
use crate::domain::apps::app::Level;
use crate::domain::apps::customer_request::Visit;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{AppId, DeviceId, UserId};
use crate::domain::origin::Origin;
use crate::domain::principal::{IdentifyError, Identity, Principal, Voucher};
use crate::domain::uuid::Uuid;
use crate::service::ServiceFault;
use crate::service::authenticators::{Authentication, Authenticator, Identified};
use crate::store::apps::{message_lookups, message_writes};

/// The scheme of sockets of customer chat: a token, the UUIDs of app, user and device, `agent` or `visitor`, the number
/// of what is missing beside the token (or nothing), and address and title of the page.
pub const SOCKET_USER: &str = "app-user";

/// Judges what sockets of customer chat show.
pub struct SocketUserAuthenticator(pub Apps);

/// What a socket shows, as it is read.
struct ShownSocket {
    token: String,
    app: Option<AppId>,
    user: Option<UserId>,
    device: Option<DeviceId>,
    is_agent: bool,
    /// What is missing.
    fault: Option<u8>,
    visit: Option<Visit>,
    origin: Option<String>,
}

impl ShownSocket {
    fn new(parts: &[String], origin: Option<&str>) -> Option<Self> {
        let [token, app, user, device, role, fault, url, title] = parts else { return None };
        let is_agent = role == "agent";
        let came_from = !is_agent && (!url.is_empty() || !title.is_empty());
        Some(Self {
            token: token.clone(),
            app: Uuid::parse(app).and_then(AppId::of_uuid),
            user: Uuid::parse(user).and_then(UserId::of_uuid),
            device: Uuid::parse(device).and_then(DeviceId::of_uuid),
            is_agent,
            fault: fault.parse().ok(),
            visit: came_from.then(|| Visit::new(url, title)),
            origin: origin.map(str::to_owned),
        })
    }
}

impl Authenticator for SocketUserAuthenticator {
    fn check(&self, parts: &[String]) -> Authentication {
        self.check_from(parts, None)
    }

    fn check_from(&self, parts: &[String], origin: Option<&str>) -> Authentication {
        let Some(shown) = ShownSocket::new(parts, origin) else {
            return Authentication::Now(Err(IdentifyError::Credential));
        };
        let apps = self.0.clone();
        Authentication::Later(Box::pin(async move { apps.socket_user(shown).await }))
    }
}

impl Apps {
    /// The user and device of a socket. The token comes first, since nobody is told more without one.
    async fn socket_user(&self, shown: ShownSocket) -> Identified {
        let token = self.token(&shown.token).await?.ok_or(IdentifyError::Credential)?;
        if token.level.administers() {
            return Err(IdentifyError::Principal);
        }
        if let Some(fault) = shown.fault {
            return Err(IdentifyError::Form(fault));
        }
        let principal = self.principal_of(&token, &shown).await?;
        Ok(Identity { principal, voucher: Voucher::App(Box::new(token)) })
    }

    async fn principal_of(
        &self,
        token: &AppToken,
        shown: &ShownSocket,
    ) -> Result<Principal, IdentifyError> {
        const NO: IdentifyError = IdentifyError::Principal;
        let (app, user) = (shown.app.ok_or(NO)?, shown.user.ok_or(NO)?);
        let device = shown.device.ok_or(NO)?;
        let level = if shown.is_agent { Level::Ppkefu } else { Level::Ppcom };
        if (app, Some(user), level) != (token.app, token.user, token.level) {
            return Err(NO);
        }
        let found = self.store.read(message_lookups::socket_user(app, user, device)).await;
        let found = found.map_err(ServiceFault::from)?.ok_or(NO)?;
        let allowed = &found.app.settings.allowed_origins;
        if found.user.is_agent != shown.is_agent || !is_allowed(allowed, shown.origin.as_deref()) {
            return Err(NO);
        }
        let (mint, now) = (Arc::clone(&self.mint), self.clock.now());
        let visit = shown.visit.clone();
        let arrive = message_writes::arrive((app, user), device, visit, (mint, now));
        self.store.run(arrive).await.map_err(ServiceFault::from)?;
        let class = found.device.os.class();
        Ok(Principal::Device { device, owner: user, class })
    }
}

/// Whether a page of an origin may have a socket of an app. Who comes from no page may.
fn is_allowed(allowed: &[String], origin: Option<&str>) -> bool {
    let Some(origin) = origin.filter(|_| !allowed.is_empty()) else { return true };
    let origin = Origin::parse(origin);
    origin.is_some() && allowed.iter().any(|one| Origin::parse(one) == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_may_say_whose_pages_have_its_sockets() {
        let shop = ["https://shop.example".to_owned()];
        for (allowed, origin, expected) in [
            (&shop[..0], Some("https://evil.example"), true),
            (&shop[..0], None, true),
            (&shop, None, true),
            (&shop, Some("https://shop.example"), true),
            (&shop, Some("https://shop.example:443"), true),
            (&shop, Some("http://shop.example"), false),
            (&shop, Some("https://evil.example"), false),
            (&shop, Some("null"), false),
        ] {
            assert_eq!(is_allowed(allowed, origin), expected, "{origin:?}");
        }
    }
}
