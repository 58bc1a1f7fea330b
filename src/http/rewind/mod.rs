//! REWIND's HTTP half: accounts, their test pages (where browsers get the chat), and the socket's door.

pub(in crate::http) mod auth;
mod pages;
mod socket;

use actix_web::web::{self, ServiceConfig};

use super::only;

/// Mounts the routes of accounts, which are below `/api/v1`.
pub fn accounts(app: &mut ServiceConfig) {
    app.service(only("/auth/register", "POST", web::to(auth::register)))
        .service(only("/auth/login", "POST", web::to(auth::login)))
        // Not HEAD: who looks at a link has not followed it.
        .service(only("/auth/email_verify/{key}", "GET", web::to(auth::verify)));
}

/// Mounts all others.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only("/", "GET, HEAD", web::to(pages::home)))
        .service(only("/login", "GET, HEAD", web::to(pages::login)))
        .service(only("/register", "GET, HEAD", web::to(pages::register)))
        .service(only("/logout", "GET, HEAD", web::to(pages::logout)))
        .service(only("/ws", "GET", web::to(socket::open)));
}
