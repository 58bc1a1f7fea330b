//! Conversions between numbers, in one place.

/// A count as a float; exact up to 2^53.
#[expect(clippy::as_conversions, reason = "there is no From; counts stay below 2^53")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// A length as a float.
pub fn float_len(count: usize) -> f64 {
    float(long(count))
}

/// A float as a count; what is negative or no number becomes 0.
#[expect(clippy::as_conversions, reason = "saturates, which is wanted")]
pub fn whole(value: f64) -> u64 {
    value as u64
}

/// A length as a 64-bit number.
pub fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A number as an index; one that is too large fits nowhere.
pub fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// An index as a number of 32 bits.
pub fn short(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Nanoseconds of some seconds.
pub fn nanos(seconds: f64) -> u64 {
    whole(seconds * 1e9)
}

/// Seconds of some nanoseconds.
pub fn seconds(nanos: u64) -> f64 {
    float(nanos) / 1e9
}
