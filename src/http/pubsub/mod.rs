//! Pub/Sub's own listener: REST v1 as Google has it, for whoever would speak to Google or to its emulator.
//!
//! `route` says what a request asks for, `json` what is in it, and a file a noun has it done by the service. All that
//! goes wrong is told as Google tells it (`error`), on every path.

mod body;
mod door;
mod error;
mod json;
mod messages;
pub mod pushes;
mod request;
mod route;
mod settings;
mod snapshots;
mod subscriptions;
mod topics;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::{self, ServiceConfig};

pub use self::door::PubsubDoor;
use self::error::RestError;
pub use self::settings::Settings;
use super::exchange::{Held, exchange_as};

/// Mounts the routes of the listener.
pub fn own_routes(app: &mut ServiceConfig) {
    pushes::own_routes(app);
    app.default_service(web::to(door::serve));
}

/// Wraps all routes of the listener, as [`super::exchange()`] does those of others.
///
/// # Errors
/// As there.
pub async fn own_exchange(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, actix_web::Error> {
    exchange_as::<RestError>(request, next).await
}
