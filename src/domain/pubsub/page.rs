//! Pages of lists.

use super::refusal::PubsubRefusal;

/// How long a page is if nobody says.
const SIZE_DEFAULT: u16 = 100;
/// The longest page.
const SIZE_MAX: u16 = 1_000;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAsked {
    pub size: u16,
    /// The last name of the page before; empty for the first.
    pub after: String,
}

impl ListAsked {
    /// A page, as it is asked for.
    ///
    /// # Errors
    /// Invalid argument: a negative size, or a token that is none.
    pub fn new(size: i32, token: &str) -> Result<Self, PubsubRefusal> {
        let size = match u32::try_from(size) {
            Ok(0) => SIZE_DEFAULT,
            Ok(size) => u16::try_from(size).unwrap_or(SIZE_MAX).min(SIZE_MAX),
            Err(_) => return Err(PubsubRefusal::invalid("page_size is negative")),
        };
        Ok(Self { size, after: token.to_owned() })
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage<T> {
    pub entries: Vec<T>,
    /// What asks for the next one; empty on the last.
    pub next: String,
}
