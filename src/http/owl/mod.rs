//! `/owl`: what servers of apps ask over HTTP, as RationalOwl's REST. They are told nothing by themselves.
//!
//! The contract is in `docs/protocol/owl.md`. A failure has a text under `error`, and a status that fits.

mod calls;
mod error;
mod result;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::rt::spawn;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::Semaphore;

use super::State;
use super::body;
use super::exchange::announced;
use crate::wire::owl::Settings;
use error::OwlError;

/// Bodies up to this size are not counted.
const UNCOUNTED_BYTES: u64 = 65_536;

/// What all requests there share.
pub struct OwlRest {
    settings: Settings,
    /// Where servers are told to connect to over TCP; empty if nowhere.
    channel: String,
    large_bodies: Arc<Semaphore>,
}

impl OwlRest {
    /// REST by these settings, beside channels at an address.
    pub fn new(settings: Settings, channel: String) -> Self {
        let large = settings.rest_large_bodies_max.min(Semaphore::MAX_PERMITS);
        Self { settings, channel, large_bodies: Arc::new(Semaphore::new(large)) }
    }
}

/// Mounts the route of all calls.
pub fn routes(app: &mut ServiceConfig) {
    let call = || web::to(call);
    app.service(
        web::resource(["/owl/{noun}/{verb}", "/owl/{noun}/{verb}/"]).default_service(call()),
    );
}

/// Answers a call.
async fn call(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, OwlError> {
    let owl = &state.owl;
    let place = request.match_info();
    let (noun, verb) = (place.query("noun"), place.query("verb"));
    let action = calls::action(noun, verb).filter(|_| owl.settings.rest);
    let action = action.ok_or(OwlError::NOWHERE)?;
    if request.method() != Method::POST {
        return Err(OwlError::METHOD);
    }
    // One whose length is not known may be a large one.
    let is_large = announced(request.headers()).is_none_or(|bytes| bytes > UNCOUNTED_BYTES);
    let _room = match is_large {
        true => Some(owl.large_bodies.try_acquire().map_err(|_| OwlError::BUSY)?),
        false => None,
    };
    let body = body::whole(&request, payload, owl.settings.rest_body_bytes_max).await?;
    let text = std::str::from_utf8(&body).map_err(|_| OwlError::NO_OBJECT)?;
    let call = calls::read(action, text).ok_or(OwlError::NO_OBJECT)?;
    // Asked all the same, so that the consoles of the app hear of it.
    let is_bad = call.request.fault.is_some();
    let asked = call.request.action.clone();
    let (apps, peer) = (state.service.apps.clone(), state.address(&request));
    // Apart, so that it is done in full also if who has asked goes away meanwhile.
    let done = spawn(async move { apps.server_asks(call, peer).await });
    let answer = done.await.map_err(|_| OwlError::INTERNAL)??;
    if is_bad {
        return Err(OwlError::FIELDS);
    }
    let answer = answer.ok_or(OwlError::NO_SERVICE)?;
    result::answer(answer, &asked, &owl.channel)
}
