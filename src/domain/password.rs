//! Passwords: one word however it is typed, and not too short.

use super::text::nfc;

/// How long passwords are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// The shortest that may be chosen, in characters. Shorter ones of old still log in.
    pub chars_min: usize,
    /// The longest, in bytes.
    pub bytes_max: usize,
}

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// It is too short.
    Short,
    /// It is too long.
    Long,
}

impl PasswordRule {
    /// Whether somebody may choose this one.
    ///
    /// # Errors
    /// Each variant of [`PasswordFault`].
    pub fn check(self, password: &str) -> Result<(), PasswordFault> {
        let password = nfc(password);
        if password.len() > self.bytes_max {
            Err(PasswordFault::Long)
        } else if password.chars().count() < self.chars_min {
            Err(PasswordFault::Short)
        } else {
            Ok(())
        }
    }

    /// Whether it can be one that was chosen at some time, and is worth a hash.
    pub fn may_be(self, password: &str) -> bool {
        let fits = |word: &str| word.len() <= self.bytes_max;
        !password.is_empty() && (fits(password) || fits(&nfc(password)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_they_are_hashed() {
        let rule = PasswordRule { chars_min: 8, bytes_max: 1_024 };
        for (one, count, checked) in [
            ("a", 8, Ok(())),
            ("a", 7, Err(PasswordFault::Short)),
            ("한", 8, Ok(())),
            ("한", 7, Err(PasswordFault::Short)),
            // Three code points that are one character.
            ("\u{1112}\u{1161}\u{11AB}", 7, Err(PasswordFault::Short)),
            ("\u{1112}\u{1161}\u{11AB}", 8, Ok(())),
            ("\u{1112}\u{1161}\u{11AB}", 341, Ok(())),
            (" ", 8, Ok(())),
            ("a", 1_024, Ok(())),
            ("a", 1_025, Err(PasswordFault::Long)),
            ("한", 342, Err(PasswordFault::Long)),
        ] {
            assert_eq!(rule.check(&one.repeat(count)), checked, "{count} x {one:?}");
        }
        assert!(rule.may_be("a") && rule.may_be(&"a".repeat(1_024)));
        assert!(!rule.may_be("") && !rule.may_be(&"a".repeat(1_025)));
    }
}
