//! Names of users: which may be had, and when two are the same.
//!
//! `Alice` is kept and shown as written, and is found as `alice` or `ａｌｉｃｅ`: unique is the
//! folded key, not the name. What cannot be seen, or seen apart, is no name.

use icu_properties::props::GeneralCategory;
use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::domain::joiner;
use crate::domain::text::{category, folded, is_blank, is_control, is_seen, nfc};

/// The longest user name, in characters.
pub const NAME_CHARS_MAX: usize = 32;
/// The longest text that is looked at as a name: decomposed, a character may be four.
const TYPED_CHARS_MAX: usize = 4 * NAME_CHARS_MAX;

/// A valid user name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserName {
    name: String,
    key: NameKey,
}

/// By what a name is unique and found: the same for all ways to write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

/// Which names may be had, as far as that is a matter of taste.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameRule {
    /// Also those that mix scripts against Unicode's level "highly restrictive" (UTS 39), such as
    /// `pаypal` with a Cyrillic letter.
    pub mixed_scripts: bool,
}

impl NameRule {
    /// Checks a name that somebody wants to have; it is kept as given, in NFC. `None` if he may not.
    pub fn name(self, text: &str) -> Option<UserName> {
        UserName::parse(text).filter(|name| self.mixed_scripts || !mixes_scripts(name.as_str()))
    }
}

impl UserName {
    /// Checks a name, whatever scripts it mixes; see [`NameRule::name`].
    ///
    /// 1 to 32 characters of which something can be seen; no controls, nothing invisible (but for
    /// joiners where a script or an emoji needs them), nothing unassigned or private; no blanks at
    /// the ends, nor two in a row; neither `.` nor `..`.
    pub fn parse(text: &str) -> Option<Self> {
        if is_longer(text, TYPED_CHARS_MAX) {
            return None;
        }
        let name = nfc(text).into_owned();
        let chars: Vec<char> = name.chars().collect();
        let valid = (1..=NAME_CHARS_MAX).contains(&chars.len())
            && (0..chars.len()).all(|at| is_allowed(&chars, at))
            && is_seen(&name);
        let key = NameKey::of(&name);
        (valid && !matches!(key.as_str(), "" | "." | "..")).then_some(Self { name, key })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// By what it is found.
    pub fn key(&self) -> &NameKey {
        &self.key
    }
}

impl NameKey {
    /// The key of any text, be it a name or not.
    pub fn of(text: &str) -> Self {
        Self(folded(text).chars().map(|c| if is_blank(c) { ' ' } else { c }).collect())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user as somebody names him: by a name of any form, also of those that nobody can have any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// What was written.
    pub text: String,
    pub key: NameKey,
}

impl Called {
    /// `None` if the text is nobody's name, as it is empty, too long, or has control characters.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && !is_longer(text, TYPED_CHARS_MAX);
        (fits && !text.contains(char::is_control))
            .then(|| Self { text: text.to_owned(), key: NameKey::of(text) })
    }
}

fn is_longer(text: &str, chars_max: usize) -> bool {
    text.chars().nth(chars_max).is_some()
}

/// Whether the character at a place of a name may be there.
fn is_allowed(chars: &[char], at: usize) -> bool {
    let Some(c) = chars.get(at).copied() else { return false };
    if joiner::is_one(c) {
        return joiner::is_needed(chars, at);
    }
    if is_control(c) {
        return false;
    }
    match category(c) {
        GeneralCategory::Format
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => false,
        GeneralCategory::SpaceSeparator => is_blank_between(chars, at),
        // Braille and music have blanks of their own; all others are invisible letters.
        GeneralCategory::OtherSymbol if is_blank(c) => is_blank_between(chars, at),
        _ => !is_blank(c),
    }
}

/// Whether there is something to be seen on both sides.
fn is_blank_between(chars: &[char], at: usize) -> bool {
    let is_text = |c: Option<&char>| c.is_some_and(|c| !is_blank(*c) || joiner::is_one(*c));
    is_text(at.checked_sub(1).and_then(|before| chars.get(before)))
        && is_text(chars.get(at.saturating_add(1)))
}

/// Whether a name is above the level "highly restrictive": neither of one script, nor of Latin with
/// those that Chinese, Japanese or Korean is written in.
///
/// `unicode_security`'s own level asks for identifiers besides, which have no blanks and no emoji.
fn mixes_scripts(name: &str) -> bool {
    let mut all = AugmentedScriptSet::default();
    let mut but_latin = AugmentedScriptSet::default();
    for set in name.chars().map(AugmentedScriptSet::for_char) {
        all.intersect_with(set);
        if !set.base.contains_script(Script::Latin) {
            but_latin.intersect_with(set);
        }
    }
    all.is_empty() && !(but_latin.hanb || but_latin.jpan || but_latin.kore)
}

#[cfg(test)]
#[path = "name_tests.rs"]
mod tests;
