//! The names of deliveries, by which they are acknowledged: signed, so that nobody acknowledges what was not delivered
//! to them. They hold over restarts, as long as the secret does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::domain::id::{PublishedId, SubscriptionId};
use crate::domain::pubsub::ack::DeliveryTag;

/// Subscription, message and number, eight bytes each.
const TAG_BYTES: usize = 24;
/// As much of the HMAC as nobody guesses online.
const MAC_BYTES: usize = 12;

/// Writes and reads names of deliveries.
#[derive(Clone)]
pub struct AckIds(hmac::Key);

impl AckIds {
    /// Names signed with a key that comes from the `secret` of tokens, and is not that.
    pub fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let own = hmac::sign(&secret, b"names of deliveries");
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// The name of a delivery.
    pub fn write(&self, tag: &DeliveryTag) -> String {
        let mut bytes = Vec::with_capacity(TAG_BYTES + MAC_BYTES);
        bytes.extend(tag.subscription.get().to_be_bytes());
        bytes.extend(tag.message.get().to_be_bytes());
        bytes.extend(tag.number.to_be_bytes());
        let mac = hmac::sign(&self.0, &bytes);
        bytes.extend(mac.as_ref().iter().take(MAC_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The delivery with a name, if it is one of ours.
    pub fn read(&self, name: &str) -> Option<DeliveryTag> {
        let bytes = URL_SAFE_NO_PAD.decode(name).ok()?;
        let (tag, mac) = bytes.split_at_checked(TAG_BYTES)?;
        let signed = hmac::sign(&self.0, tag);
        let expected = signed.as_ref().get(..MAC_BYTES)?;
        if !is_same(expected, mac) {
            return None;
        }
        let mut parts = tag.chunks_exact(8).map(|part| part.try_into().map(u64::from_be_bytes));
        let mut next = || parts.next()?.ok();
        let (subscription, message, number) = (next()?, next()?, next()?);
        Some(DeliveryTag {
            subscription: SubscriptionId::new(i64::try_from(subscription).ok()?)?,
            message: PublishedId::new(i64::try_from(message).ok()?)?,
            number,
        })
    }
}

/// Compares in a time that says nothing of where two differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other));
    one.len() == other.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_with_the_secret_is_read() {
        let ids = AckIds::new(b"a secret of at least 32 bytes, so");
        let tag = DeliveryTag {
            subscription: SubscriptionId::new(7).unwrap(),
            message: PublishedId::new(1_764_000_000_000_000).unwrap(),
            number: u64::MAX,
        };
        let name = ids.write(&tag);
        assert_eq!(ids.read(&name), Some(tag));
        assert_eq!(AckIds::new(b"another").read(&name), None);
        for at in 0..name.len() {
            let mut other = name.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(ids.read(&String::from_utf8(other).unwrap()), None, "{at}");
        }
        for bad in ["", "x", "é", name.get(1..).unwrap(), &format!("{name}AA")] {
            assert_eq!(ids.read(bad), None, "{bad}");
        }
    }
}
