//! REWIND's HTTP half: accounts, their test pages, and the socket's door.

mod auth;
mod pages;
mod socket;

use actix_web::web::{self, ServiceConfig};

use super::error::{method_not_allowed, not_found};

/// Mounts REWIND's routes.
pub fn routes(app: &mut ServiceConfig) {
    let one = |path: &str, route| {
        web::resource(path).route(route).default_service(web::to(method_not_allowed))
    };
    app.service(
        web::scope("/api/v1/auth")
            .service(one("/register", web::post().to(auth::register)))
            .service(one("/login", web::post().to(auth::login)))
            .service(one("/email_verify/{key}", web::get().to(auth::verify)))
            .default_service(web::to(not_found)),
    )
    .service(one("/", web::get().to(pages::home)))
    .service(one("/login", web::get().to(pages::login)))
    .service(one("/register", web::get().to(pages::register)))
    .service(one("/logout", web::get().to(pages::logout)))
    .service(one("/ws", web::get().to(socket::open)));
}
