//! For those who run the hub: is it alive, can it serve, how much does it do.

use std::time::Duration;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ContentType};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};

use super::{State, only};

/// A store that has not answered by then is not ready.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// `/healthz`, `/readyz`, `/metrics`.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only("/healthz", "GET, HEAD", web::to(alive)))
        .service(only("/readyz", "GET, HEAD", web::to(ready)))
        .service(only("/metrics", "GET, HEAD", web::to(metrics)));
}

/// Pages of any origin may read it: that is how the SDK tells a hub from what is none.
async fn alive() -> impl Responder {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body("ok\n")
}

/// 200 if messages could be taken now, else 503 with the reason.
async fn ready(state: Data<State>) -> HttpResponse {
    match state.service.admin.ready(READY_TIMEOUT).await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(fault) => {
            log::debug!("not ready: {fault}");
            HttpResponse::ServiceUnavailable().body(format!("not ready: {fault}\n"))
        }
    }
}

async fn metrics(state: Data<State>) -> HttpResponse {
    state.metrics.clock_steps_back.reset();
    state.metrics.clock_steps_back.inc_by(state.service.admin.clock_steps_back());
    state.metrics.store_pending_reads.set(state.service.admin.pending_reads());
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(state.metrics.render())
}
