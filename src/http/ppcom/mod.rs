//! The HTTP half of customer chat: the endpoint of tokens, the calls of widgets and of agents' programs, files, and the
//! socket's door.
//!
//! Widgets are in pages of other hosts than the hub, bring a token and no cookie, and so may any page ask.

mod answer;
mod api;
mod calls;
mod code;
mod conversations;
mod devices;
mod fields;
mod files;
mod messages;
mod multipart;
mod objects;
mod socket;
mod token;
mod users;

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// How long a browser need not ask again, in seconds.
const MAX_AGE: &str = "1728000";

/// Mounts the routes of customer chat.
pub fn routes(app: &mut ServiceConfig) {
    let open = || DefaultHeaders::new().add((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    app.service(
        web::resource(["/ppauth/token", "/ppauth/token/"])
            .route(web::post().to(token::grant))
            .route(web::method(Method::OPTIONS).to(preflight))
            .default_service(web::to(token::wrong_method)),
    )
    .service(
        web::resource(["/api/{name}", "/api/{name}/"])
            .route(web::method(Method::OPTIONS).to(preflight))
            .default_service(web::to(api::call)),
    )
    .service(web::resource(["/pcsocket/WS", "/pcsocket/WS/"]).route(web::get().to(socket::open)))
    .service(
        web::resource(["/upload/upload", "/upload/upload/"])
            .wrap(open())
            .route(web::post().to(files::upload))
            .route(web::method(Method::OPTIONS).to(preflight)),
    )
    .service(
        web::resource(["/ppkefu/upload", "/ppkefu/upload/"])
            .wrap(open())
            .route(web::post().to(files::upload_text))
            .route(web::method(Method::OPTIONS).to(preflight)),
    )
    .service(
        web::resource("/download/download/{id}")
            .wrap(open())
            .route(web::get().to(files::download))
            .route(web::head().to(files::download))
            .route(web::method(Method::OPTIONS).to(preflight)),
    );
}

/// What a browser asks before a request.
async fn preflight() -> HttpResponse {
    respond(StatusCode::OK)
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST, GET, OPTIONS"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Authorization"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

/// An answer that all pages may read.
fn respond(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}
