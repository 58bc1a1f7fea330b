//! Passwords: one word however it is typed, and not too short.

use crate::domain::text::nfc;

/// How long passwords are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// The shortest that may be chosen, in characters; a Hangul syllable counts as the two or three
    /// letters that it is typed with. Shorter ones of old still log in.
    pub chars_min: usize,
    /// The longest, in bytes.
    pub bytes_max: usize,
}

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    Short,
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
        } else if password.chars().map(letters).sum::<usize>() < self.chars_min {
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

/// How many letters a character is typed with: Hangul puts two or three into one.
fn letters(character: char) -> usize {
    /// Every 28th has no letter at its end (Unicode, section 3.12).
    const FINALS: u32 = 28;
    match character {
        '\u{AC00}'..='\u{D7A3}' => {
            let place = u32::from(character).abs_diff(0xAC00);
            if place.is_multiple_of(FINALS) { 2 } else { 3 }
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::password::*;

    #[test]
    fn characters_are_counted_as_they_are_hashed() {
        let rule = PasswordRule { chars_min: 8, bytes_max: 1_024 };
        for (one, count, checked) in [
            ("a", 8, Ok(())),
            ("a", 7, Err(PasswordFault::Short)),
            ("é", 8, Ok(())),
            ("é", 7, Err(PasswordFault::Short)),
            // Two code points that are one character.
            ("e\u{301}", 7, Err(PasswordFault::Short)),
            ("e\u{301}", 8, Ok(())),
            // Three letters, and two, in one syllable, however it is written.
            ("한", 3, Ok(())),
            ("한", 2, Err(PasswordFault::Short)),
            ("호", 4, Ok(())),
            ("호", 3, Err(PasswordFault::Short)),
            ("\u{1112}\u{1161}\u{11AB}", 2, Err(PasswordFault::Short)),
            ("\u{1112}\u{1161}\u{11AB}", 3, Ok(())),
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
