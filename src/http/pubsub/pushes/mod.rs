//! What belongs to pushes: those that come to this hub, the page that shows them, and the keys by which ours are
//! checked. On the main listener and on Pub/Sub's own.

mod inbound;
mod index_page;
mod index_text;
pub mod settings;
mod well_known;

use actix_web::web::ServiceConfig;

/// Mounts what both listeners have.
pub fn routes(app: &mut ServiceConfig) {
    index_page::routes(app);
    inbound::routes(app);
    well_known::routes(app);
}

/// Mounts what Pub/Sub's own listener has.
pub fn own_routes(app: &mut ServiceConfig) {
    index_page::own_routes(app);
    routes(app);
}
