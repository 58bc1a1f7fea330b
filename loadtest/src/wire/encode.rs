//! Frames to the server: masked, appended to what is to be written.

use super::Opcode;

/// Bytes of a header with a length of 16 bits and a mask: the usual one.
const USUAL: usize = 8;

/// Appends a frame whose payload `write` appends.
pub fn frame(out: &mut Vec<u8>, opcode: Opcode, key: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; USUAL]);
    write(out);
    let length = out.len().saturating_sub(start + USUAL);
    let (header, used) = header(opcode, length, key);
    let header = header.get(..used).unwrap_or_default();
    if used == USUAL {
        if let Some(place) = out.get_mut(start..start + USUAL) {
            place.copy_from_slice(header);
        }
    } else {
        out.splice(start..start + USUAL, header.iter().copied());
    }
    mask(out.get_mut(start + used..).unwrap_or_default(), key);
}

/// The header of a final frame, and how many of its bytes count.
fn header(opcode: Opcode, length: usize, key: u32) -> ([u8; 14], usize) {
    let mut header = [0; 14];
    let mut used = 0;
    let mut put = |bytes: &[u8]| {
        for (place, byte) in header.iter_mut().skip(used).zip(bytes) {
            *place = *byte;
        }
        used += bytes.len();
    };
    put(&[0x80 | opcode.bits()]);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => put(&[0x80 | short]),
        (_, Ok(medium)) => {
            put(&[0x80 | 126]);
            put(&medium.to_be_bytes());
        }
        _ => {
            put(&[0x80 | 127]);
            put(&crate::number::long(length).to_be_bytes());
        }
    }
    put(&key.to_be_bytes());
    (header, used)
}

/// Masks or unmasks, eight bytes at a time.
pub fn mask(payload: &mut [u8], key: u32) {
    let key = key.to_be_bytes();
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}
