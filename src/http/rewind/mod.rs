//! REWIND's HTTP half: accounts, their test pages, and the socket's door.

mod auth;
mod pages;
mod socket;

use actix_web::web::{self, ServiceConfig};

use super::error::not_found;
use super::only;

/// Mounts REWIND's routes.
pub fn routes(app: &mut ServiceConfig) {
    app.service(
        web::scope("/api/v1/auth")
            .service(only("/register", "POST", web::to(auth::register)))
            .service(only("/login", "POST", web::to(auth::login)))
            // Not HEAD: who looks at a link has not followed it.
            .service(only("/email_verify/{key}", "GET", web::to(auth::verify)))
            .default_service(web::to(not_found)),
    )
    .service(only("/", "GET, HEAD", web::to(pages::home)))
    .service(only("/login", "GET, HEAD", web::to(pages::login)))
    .service(only("/register", "GET, HEAD", web::to(pages::register)))
    .service(only("/logout", "GET, HEAD", web::to(pages::logout)))
    .service(only("/ws", "GET", web::to(socket::open)));
}
