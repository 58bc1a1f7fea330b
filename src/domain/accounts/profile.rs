//! What users put beside their names.

use crate::domain::text::is_showable;

/// The longest profile, in characters.
pub const PROFILE_CHARS_MAX: usize = 500;

/// A valid profile: a picture's name, or whatever else clients put there; at most 500 characters,
/// without controls, and not blank without being empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile(String);

impl Profile {
    /// Checks a profile; it is kept exactly as given. `None` if it is not valid.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.chars().count() <= PROFILE_CHARS_MAX;
        (fits && is_showable(text)).then(|| Self(text.to_owned()))
    }

    /// The profile as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::profile::*;

    #[test]
    fn a_profile_is_short_and_without_control_characters() {
        assert!(Profile::parse("").is_some());
        assert!(Profile::parse(&"한".repeat(PROFILE_CHARS_MAX)).is_some());
        assert!(Profile::parse(&"a".repeat(PROFILE_CHARS_MAX + 1)).is_none());
        for bad in
            ["a\u{0}", "a\nb", "a\u{202E}b", "a\u{200F}", "\u{200B}", "\u{3164}\u{2800}", " "]
        {
            assert!(Profile::parse(bad).is_none(), "{bad:?}");
        }
    }
}
