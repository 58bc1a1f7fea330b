//! The HTTP half of the chatting dialect: the socket's door, blocks, who is online, system messages.
//!
//! Every path is served with and without a slash at its end.

mod blocked;
mod error;
mod online;
mod request;
mod socket;
mod system;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource};

use self::error::ChatError;

/// Mounts the dialect's routes.
pub fn routes(app: &mut ServiceConfig) {
    app.service(resource("/ws/chatting", "GET").route(web::get().to(socket::open)))
        .service(
            // Its pages are of other hosts than the hub, and bring a token instead of a cookie.
            web::scope("/api/chatting")
                .wrap(DefaultHeaders::new().add((ACCESS_CONTROL_ALLOW_ORIGIN, "*")))
                .service(
                    resource("/blockedusers", "GET, POST, DELETE, OPTIONS")
                        .route(web::get().to(blocked::show))
                        .route(web::post().to(blocked::block))
                        .route(web::delete().to(blocked::unblock))
                        .route(web::method(Method::OPTIONS).to(preflight)),
                )
                .service(
                    resource("/is-online", "GET, OPTIONS")
                        .route(web::get().to(online::show))
                        .route(web::method(Method::OPTIONS).to(preflight)),
                )
                .default_service(web::to(not_found)),
        )
        .service(resource("/s2sapi/system-message", "POST").route(web::post().to(system::send)));
}

/// A path with and without a slash at its end; other methods than those of `allow` are refused.
fn resource(path: &str, allow: &'static str) -> Resource {
    let refuse = move || async move { Err::<&str, _>(ChatError::Method { allow }) };
    web::resource([path.to_owned(), format!("{path}/")]).default_service(web::to(refuse))
}

/// What a browser asks before it sends the request itself.
async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .finish()
}

async fn not_found() -> Result<HttpResponse, ChatError> {
    Err(ChatError::NOT_FOUND)
}
