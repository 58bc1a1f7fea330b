//! What a message carries, so that it is known again: `tw`, the run, the flow, its number in the
//! flow, the moment it was meant to be sent, and a sum of these; all in hexadecimal of fixed width.

/// Bytes of a stamp; a message cannot be shorter.
pub const LENGTH: usize = 50;
/// Bytes behind it that show whether it was changed, if the message has room for them.
const SUM: usize = 8;
/// What messages are filled up with.
const DOTS: [u8; 256] = [b'.'; 256];

/// The stamp of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which run sent it; messages of other runs are ignored.
    pub run: u64,
    /// Which sequence of messages it belongs to.
    pub flow: u32,
    /// Its place there, from 0.
    pub seq: u32,
    /// When it was meant to be sent, in nanoseconds since the start of the run.
    pub at: u64,
}

impl Stamp {
    /// Appends the stamp, filled up to a size.
    pub fn write(&self, out: &mut Vec<u8>, size: usize) {
        let end = out.len() + size.max(LENGTH);
        out.extend_from_slice(b"tw");
        hex::<16>(out, self.run);
        hex::<8>(out, u64::from(self.flow));
        hex::<8>(out, u64::from(self.seq));
        hex::<16>(out, self.at);
        if size >= LENGTH + SUM {
            hex::<SUM>(out, self.sum());
        }
        out.resize(end, b'.');
    }

    /// A few bits of all that the stamp says.
    fn sum(&self) -> u64 {
        let both = u64::from(self.flow) << 32 | u64::from(self.seq);
        let mixed = self.run ^ both.rotate_left(17) ^ self.at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32
    }

    /// Whether a content is what was sent with this stamp and size, and nothing was changed behind it.
    pub fn fills(&self, content: &str, size: usize) -> bool {
        let rest = content.as_bytes().get(LENGTH..).unwrap_or_default();
        let (sum, filling) = rest.split_at_checked(SUM).unwrap_or((&[], rest));
        content.len() == size
            && (sum.is_empty() || number(sum) == Some(self.sum()))
            && filling.chunks(DOTS.len()).all(|part| DOTS.starts_with(part))
    }

    /// Reads the stamp at the front of a content.
    pub fn parse(content: &[u8]) -> Option<Self> {
        let digits = content.strip_prefix(b"tw")?;
        Some(Self {
            run: number(digits.get(..16)?)?,
            flow: u32::try_from(number(digits.get(16..24)?)?).ok()?,
            seq: u32::try_from(number(digits.get(24..32)?)?).ok()?,
            at: number(digits.get(32..48)?)?,
        })
    }
}

fn hex<const N: usize>(out: &mut Vec<u8>, value: u64) {
    let mut digits = [b'0'; N];
    let mut value = value;
    for digit in digits.iter_mut().rev() {
        let low = u8::try_from(value & 15).unwrap_or_default();
        *digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
        value >>= 4;
    }
    out.extend_from_slice(&digits);
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let low = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(low))
    })
}
