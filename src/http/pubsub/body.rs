//! Request bodies: whole, of whatever media type, perhaps packed, and not too many large ones at a time.

use std::io::Read as _;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::{Bytes, Payload};
use flate2::read::MultiGzDecoder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::RestError;
use crate::domain::pubsub::limits::REQUEST_BYTES_MAX;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::http::body::{BodyFault, collect};
use crate::http::exchange::announced;

/// Bodies up to this size are not counted.
const UNCOUNTED_BYTES: usize = 65_536;
const KIB: usize = 1_024;

/// The room that there is for large bodies.
#[derive(Clone, Debug)]
pub struct BodyRoom(Arc<Semaphore>);

/// A body, with the room that it takes.
pub struct RestBody {
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl BodyRoom {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / KIB).min(Semaphore::MAX_PERMITS))))
    }

    /// Takes room, if there is.
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, RestError> {
        let taken = u32::try_from(bytes.div_ceil(KIB)).ok();
        let taken = taken.and_then(|kib| Arc::clone(&self.0).try_acquire_many_owned(kib).ok());
        taken.ok_or_else(|| {
            let what = "too many large requests are under way, try again later";
            PubsubRefusal::new(PubsubStatus::ResourceExhausted, what).into()
        })
    }
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
}

/// Reads a body to its end.
///
/// # Errors
/// Invalid argument: it is too large, packed or not, or broken. Resource exhausted. Deadline exceeded.
pub async fn read(
    request: &HttpRequest,
    body: Payload,
    room: &BodyRoom,
) -> Result<RestBody, RestError> {
    let packing = packing(request)?;
    let announced = announced(request.headers());
    let announced = announced.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    if announced.is_some_and(|bytes| bytes > REQUEST_BYTES_MAX) {
        return Err(BodyFault::TooLarge.into());
    }
    let has_body = announced.is_some() || request.headers().contains_key("transfer-encoding");
    let bytes_max = announced.unwrap_or(if has_body { REQUEST_BYTES_MAX } else { 0 });
    let counted = match packing {
        Packing::Gzip if has_body => bytes_max.saturating_add(REQUEST_BYTES_MAX),
        Packing::Gzip | Packing::None => bytes_max,
    };
    let room = (counted > UNCOUNTED_BYTES).then(|| room.take(counted)).transpose()?;
    let bytes = collect(body, REQUEST_BYTES_MAX).await?;
    let bytes = match packing {
        Packing::None => bytes,
        Packing::Gzip => unpack(&bytes)?,
    };
    Ok(RestBody { bytes, _room: room })
}

fn packing(request: &HttpRequest) -> Result<Packing, BodyFault> {
    let codings = request.headers().get_all(CONTENT_ENCODING);
    let codings = codings.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut packing = Packing::None;
    for coding in codings.map(<[u8]>::trim_ascii) {
        let is = |name: &[u8]| coding.eq_ignore_ascii_case(name);
        match packing {
            _ if coding.is_empty() || is(b"identity") => {}
            Packing::None if is(b"gzip") || is(b"x-gzip") => packing = Packing::Gzip,
            Packing::None | Packing::Gzip => return Err(BodyFault::Encoded),
        }
    }
    Ok(packing)
}

fn unpack(packed: &[u8]) -> Result<Bytes, BodyFault> {
    let bytes_max = u64::try_from(REQUEST_BYTES_MAX).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    let mut reads = MultiGzDecoder::new(packed).take(bytes_max.saturating_add(1));
    match reads.read_to_end(&mut unpacked) {
        Ok(bytes) if bytes > REQUEST_BYTES_MAX => Err(BodyFault::TooLarge),
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(BodyFault::Broken),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: usize) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&vec![b' '; bytes]).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_packed_has_its_bound_unpacked() {
        assert_eq!(unpack(&packed(REQUEST_BYTES_MAX)).unwrap().len(), REQUEST_BYTES_MAX);
        assert_eq!(unpack(&packed(REQUEST_BYTES_MAX + 1)), Err(BodyFault::TooLarge));
        assert_eq!(unpack(b"{}"), Err(BodyFault::Broken));
        let torn = packed(1_000);
        assert_eq!(unpack(&torn[..torn.len() - 1]), Err(BodyFault::Broken));
    }

    #[test]
    fn large_bodies_share_their_room() {
        let room = BodyRoom::new(4 * KIB);
        let first = room.take(3 * KIB).unwrap();
        let second = room.take(1).unwrap();
        assert!(room.take(1).is_err());
        drop(first);
        assert!(room.take(3 * KIB + 1).is_err());
        assert!(room.take(3 * KIB).is_ok());
        drop(second);
    }
}
