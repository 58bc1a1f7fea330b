//! What holds for every request and answer, whatever the route: the time of bodies, how many requests
//! may be unfinished, and what every answer says to browsers.

use std::cell::{Cell, RefCell};
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, FORWARDED, HeaderMap, HeaderName,
    HeaderValue, X_CONTENT_TYPE_OPTIONS, X_FORWARDED_FOR,
};
use actix_web::middleware::Next;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage as _, ResponseError};
use futures_core::Stream;

use super::connection::{ConnectionState, Serving};
use super::error::ApiError;
use super::{State, peer};
use crate::auth::concurrency::AddressPermit;

/// Up to so many bytes a body has one time for the whole.
const ONE_TIME_BYTES: u64 = 65_536;
/// Larger ones have a second more for so many bytes.
const BYTES_PER_SECOND: u64 = 16_384;
/// When one who has too many unfinished requests may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The policy of pages with a form: nothing comes from elsewhere, and the form goes nowhere else.
pub const FORM_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// What answers say unless their handler says otherwise: nothing is kept, guessed, run or framed.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Wraps all routes.
pub async fn exchange(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    exchange_as::<ApiError>(request, next).await
}

/// The same, where what is refused is told in another form.
pub async fn exchange_as<E: From<ApiError> + ResponseError + 'static>(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    let Some(state) = request.app_data::<Data<State>>().cloned() else {
        return Err(E::from(ApiError::Internal).into());
    };
    let mut serving = request.conn_data::<Rc<ConnectionState>>().map(ConnectionState::serve);
    warn_of_proxy(&state, request.headers());
    let Ok(permit) = unfinished(&state, request.request()) else {
        state.metrics.refusals.with_label_values(&["requests"]).inc();
        let refused = request.error_response(E::from(ApiError::TooMany(RETRY_AFTER)));
        return Ok(held(refused, (serving, None, None)));
    };
    let body = take_body(&mut request, state.settings.body_timeout());
    let response = next.call(request).await?;
    let is_socket = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if let Some(body) = body.as_ref().filter(|_| is_socket) {
        // What comes from now on are frames, and the socket has deadlines of its own.
        body.is_socket.set(true);
    }
    let body = body.filter(|body| !body.ended.get());
    // What is a socket from now on is no unfinished request, though its answer has no end.
    let permit = permit.filter(|_| response.status() != StatusCode::SWITCHING_PROTOCOLS);
    if let Some(serving) = &mut serving {
        if is_socket {
            serving.upgraded();
        } else if body.is_some() {
            serving.closes();
        }
    }
    Ok(held(response, (serving, body, permit)))
}

fn held(
    response: ServiceResponse<impl MessageBody + 'static>,
    rest: Rest,
) -> ServiceResponse<Held> {
    let mut response = response.map_body(|_, body| Held { body: BoxBody::new(body), _rest: rest });
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        for (name, value) in HEADERS {
            if !response.headers().contains_key(&name) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}

/// Warns once of a proxy that no setting names: all its users count as one peer.
fn warn_of_proxy(state: &State, headers: &HeaderMap) {
    let from_proxy = || headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED);
    if state.settings.trust_proxy || state.proxy_seen.load(Ordering::Relaxed) || !from_proxy() {
        return;
    }
    if !state.proxy_seen.swap(true, Ordering::Relaxed) {
        log::warn!(
            "requests come by a proxy (X-Forwarded-For), and http.trust_proxy is off: all its users \
             share the limits of one address. If the proxy is yours, and nobody can go around it, set \
             http.trust_proxy = true"
        );
    }
}

/// Behind a proxy, requests count by the address that it names, and by its own where it names none;
/// otherwise connections count.
fn unfinished(state: &State, request: &HttpRequest) -> Result<Option<AddressPermit>, ()> {
    if !state.settings.trust_proxy {
        return Ok(None);
    }
    state.unfinished.open(peer::address(request, true)).map_err(|_| ())
}

/// What is kept until the answer has been given: that the connection is busy, what has not been read of
/// the request, and the permit. Dropped, an unread body would be read by actix-http to its end, however
/// long that takes; kept, it closes the connection.
type Rest = (Option<Serving>, Option<SharedBody>, Option<AddressPermit>);

/// The body of an answer, and what is kept with it.
pub struct Held {
    body: BoxBody,
    _rest: Rest,
}

impl MessageBody for Held {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(task)
    }
}

/// The body of a request, as its reader and the answer hold it.
#[derive(Clone)]
struct SharedBody {
    payload: Rc<RefCell<Payload>>,
    ended: Rc<Cell<bool>>,
    is_socket: Rc<Cell<bool>>,
}

/// Puts a body in the place of the request's that ends in time; `None` if there is none.
fn take_body(request: &mut ServiceRequest, timeout: Duration) -> Option<SharedBody> {
    let payload = match request.take_payload() {
        Payload::None => return None,
        payload => payload,
    };
    let announced = announced(request.headers()).unwrap_or(0);
    let shared = SharedBody {
        payload: Rc::new(RefCell::new(payload)),
        ended: Rc::default(),
        is_socket: Rc::default(),
    };
    let timed =
        Timed { shared: shared.clone(), timeout, timer: None, bytes: announced, received: 0 };
    request.set_payload(Payload::Stream { payload: Box::pin(timed) });
    Some(shared)
}

/// How long a body says that it is.
pub fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that has to come in a time that its length allows.
struct Timed {
    shared: SharedBody,
    timeout: Duration,
    /// Runs from the first time that there was nothing to be read.
    timer: Option<Pin<Box<Sleep>>>,
    /// For how many bytes there is time.
    bytes: u64,
    received: u64,
}

impl Timed {
    fn is_late(&mut self, task: &mut Context<'_>) -> bool {
        let more = allowance(self.received).saturating_sub(allowance(self.bytes));
        let first = self.timeout.saturating_add(allowance(self.bytes));
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(first)));
        if !more.is_zero() {
            let ends = timer.deadline() + more;
            timer.as_mut().reset(ends);
            self.bytes = self.received;
        }
        timer.as_mut().poll(task).is_ready()
    }
}

/// The time that a body has beyond that of a short one.
fn allowance(bytes: u64) -> Duration {
    let beyond = bytes.saturating_sub(ONE_TIME_BYTES);
    Duration::from_secs(beyond.div_ceil(BYTES_PER_SECOND))
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut *self.shared.payload.borrow_mut()).poll_next(task);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.received = self.received.saturating_add(bytes);
            }
            Poll::Ready(Some(Err(_))) => {}
            Poll::Ready(None) => self.shared.ended.set(true),
            Poll::Pending if !self.shared.is_socket.get() && self.is_late(task) => {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                return Poll::Ready(Some(Err(PayloadError::Io(late))));
            }
            Poll::Pending => {}
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_more_for_each_16_kib_beyond_64() {
        for (bytes, seconds) in
            [(0, 0), (65_536, 0), (65_537, 1), (81_920, 1), (81_921, 2), (1_048_576, 60)]
        {
            assert_eq!(allowance(bytes), Duration::from_secs(seconds), "{bytes}");
        }
    }
}
