//! `/.well-known/…`: how anybody checks the tokens of our pushes.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;

use crate::http::error::ApiError;
use crate::http::{State, only};
use crate::service::ServiceFault;

const KEYS: &str = "/.well-known/jwks.json";

/// Mounts these routes.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only(KEYS, "GET, HEAD", web::to(keys))).service(only(
        "/.well-known/openid-configuration",
        "GET, HEAD",
        web::to(configuration),
    ));
}

async fn keys(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let keys = state.service.push_identity.published().await.map_err(ServiceFault::from)?;
    Ok(cached().json(keys))
}

async fn configuration(state: Data<State>) -> HttpResponse {
    let issuer = &*state.service.push_identity.issuer;
    cached().json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}{KEYS}"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
    }))
}

fn cached() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "public, max-age=3600"));
    response
}
