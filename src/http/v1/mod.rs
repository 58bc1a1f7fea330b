//! `/api/v1`: the HTTP door to everything that sockets can do, and to the account itself.
//!
//! One file a noun. `table` holds what is served, `document` describes it, `problem` says what is
//! wrong, `caller` who asks, `input` reads what he brings. A noun of the domain is `UserJson`,
//! `MessageJson`, … as this door writes it, and `User`, `Message`, … in the document. The same rules as
//! on the sockets: whatever others are told of goes through the hub.

mod auth;
mod blocks;
mod caller;
mod cors;
mod docs;
mod document;
mod examples;
mod export;
mod friends;
mod groups;
mod input;
mod me;
mod members;
mod messages;
mod offers;
mod password;
mod presence;
pub mod problem;
mod refusals;
mod reset;
mod rooms;
mod sessions;
mod shape;
mod table;
pub mod time;
mod users;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use self::table::Table;
use super::error::not_found;
use super::{only, rewind};

/// Mounts the API and its document.
pub fn routes(app: &mut ServiceConfig) {
    app.service(
        web::scope("/api/v1")
            .wrap(from_fn(cors::cors))
            .configure(rewind::accounts)
            .configure(|app| table().mount(app))
            // What is nowhere is told as REWIND tells it.
            .default_service(web::to(not_found)),
    )
    .service(only("/openapi.json", "GET, HEAD", web::to(document::serve)))
    .configure(docs::routes);
}

fn table() -> Table {
    let mut table = Table::default();
    table
        .get("/me", me::show)
        .patch("/me", me::change)
        .delete("/me", password::delete)
        .get("/me/export", export::export)
        .put("/me/password", password::change)
        .get("/friends", friends::list)
        .put("/friends/{user}", friends::accept)
        .delete("/friends/{user}", friends::end)
        .get("/friend-requests", friends::requests)
        .put("/friend-requests/{user}", friends::ask)
        .delete("/friend-requests/{user}", friends::discard)
        .delete("/friend-requests/outgoing/{user}", friends::withdraw)
        .get("/presence", presence::show)
        .get("/users", users::list)
        .get("/users/{user}", users::show)
        .get("/blocks", blocks::list)
        .get("/blocks/{user}", blocks::show)
        .put("/blocks/{user}", blocks::make)
        .delete("/blocks/{user}", blocks::lift)
        .get("/rooms", rooms::list)
        .put("/rooms/{room}/read", rooms::read)
        .get("/rooms/{room}/readers", rooms::readers)
        .get("/rooms/{room}/messages", messages::list)
        .post("/rooms/{room}/messages", messages::send)
        .patch("/rooms/{room}/messages/{message}", messages::edit)
        .delete("/rooms/{room}/messages/{message}", messages::delete)
        .post("/groups", groups::make)
        .get("/groups/{group}", groups::show)
        .patch("/groups/{group}", groups::rename)
        .delete("/groups/{group}", groups::delete)
        .post("/groups/{group}/leave", groups::leave)
        .get("/groups/{group}/members", groups::members)
        .put("/groups/{group}/members/{user}", members::add)
        .delete("/groups/{group}/members/{user}", members::kick)
        .put("/groups/{group}/members/{user}/role", members::set_role)
        .put("/groups/{group}/bans/{user}", members::ban)
        .delete("/groups/{group}/bans/{user}", members::unban)
        .put("/groups/{group}/owner", members::transfer)
        .get("/group-offers", offers::list)
        .post("/groups/{group}/offer/accept", offers::accept)
        .post("/groups/{group}/offer/decline", offers::decline)
        .post("/auth/refresh", auth::refresh)
        .post("/auth/logout", auth::logout)
        .post("/auth/reset", reset::ask)
        .post("/auth/reset/{key}", reset::redeem)
        .get("/sessions", sessions::list)
        .delete("/sessions/{id}", sessions::end);
    table
}
