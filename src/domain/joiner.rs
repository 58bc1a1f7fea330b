//! Characters that cannot be seen and yet are needed: U+200C and U+200D between letters of some
//! scripts (UAX 31, section 2.3.1), U+200D and variation selectors in emoji (UTS 51).

use icu_properties::props::{
    CanonicalCombiningClass, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, IndicSyllabicCategory, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::text::category;

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
const KEYCAP: char = '\u{20E3}';

/// Whether a character is one of them.
pub fn is_one(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER) || is_variation_selector(c)
}

/// Whether the one at a place of a text is needed there.
pub fn is_needed(chars: &[char], at: usize) -> bool {
    let before = chars.get(..at).unwrap_or_default();
    let after = chars.get(at.saturating_add(1)..).unwrap_or_default();
    match chars.get(at) {
        Some(&NON_JOINER) => breaks_cursive(before, after) || shows_virama(before, after),
        Some(&JOINER) => joins_emoji(before, after) || joins_conjunct(before, after),
        Some(c) if is_variation_selector(*c) => shows_emoji(before, after),
        _ => false,
    }
}

/// U+FE0E and U+FE0F: as a sign, as a picture.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

/// `❤️`, and `1️⃣`, where the selector comes before the keycap.
fn shows_emoji(before: &[char], after: &[char]) -> bool {
    let is_emoji = |c: char| CodePointSetData::new::<Emoji>().contains(c);
    let is_keycap = after.first() == Some(&KEYCAP);
    before.last().is_some_and(|c| is_emoji(*c) && (!c.is_ascii() || is_keycap))
}

/// `👩‍🚀`: between two pictures, of which the first may have a colour.
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let is_picture = |c: char| CodePointSetData::new::<ExtendedPictographic>().contains(c);
    let is_colour = |c: char| CodePointSetData::new::<EmojiModifier>().contains(c);
    let first = before.iter().rev().find(|c| !is_variation_selector(**c) && !is_colour(**c));
    first.is_some_and(|c| is_picture(*c)) && after.first().is_some_and(|c| is_picture(*c))
}

/// A1: between letters that would join, as in Persian.
fn breaks_cursive(before: &[char], after: &[char]) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let solid = |c: &JoiningType| *c != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(solid);
    let right = after.iter().map(joining).find(solid);
    matches!(left, Some(JoiningType::DualJoining | JoiningType::LeftJoining))
        && matches!(right, Some(JoiningType::DualJoining | JoiningType::RightJoining))
}

/// A2: after a letter with a virama, before another letter.
fn shows_virama(before: &[char], after: &[char]) -> bool {
    let next = after.iter().find(|c| !is_reordered_mark(**c));
    ends_in_virama(before) && next.is_some_and(|c| is_letter(*c))
}

/// B: after a letter with a virama, not before a vowel sign.
fn joins_conjunct(before: &[char], after: &[char]) -> bool {
    let syllabic = |c: &char| CodePointMapData::<IndicSyllabicCategory>::new().get(*c);
    let vowel = IndicSyllabicCategory::VowelDependent;
    ends_in_virama(before) && after.first().is_none_or(|c| syllabic(c) != vowel)
}

/// A letter, marks, a virama, marks that Unicode may put after it.
fn ends_in_virama(before: &[char]) -> bool {
    let mut back = before.iter().rev().copied();
    let virama =
        back.find(|c| combining(*c) == CanonicalCombiningClass::Virama || !is_reordered_mark(*c));
    virama.is_some_and(|c| combining(c) == CanonicalCombiningClass::Virama)
        && back.find(|c| category(*c) != GeneralCategory::NonspacingMark).is_some_and(is_letter)
}

fn is_reordered_mark(c: char) -> bool {
    category(c) == GeneralCategory::NonspacingMark
        && combining(c) != CanonicalCombiningClass::NotReordered
}

fn is_letter(c: char) -> bool {
    GeneralCategoryGroup::Letter.contains(category(c))
}

fn combining(c: char) -> CanonicalCombiningClass {
    CodePointMapData::<CanonicalCombiningClass>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_needed(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut joiners = (0..chars.len()).filter(|at| is_one(chars[*at])).peekable();
        assert!(joiners.peek().is_some(), "{text:?} has none");
        joiners.all(|at| is_needed(&chars, at))
    }

    #[test]
    fn joiners_are_needed_in_emoji_and_where_scripts_use_them() {
        for text in [
            "👩\u{200D}🚀",
            "👩🏽\u{200D}🚀",
            "👩\u{200D}❤\u{FE0F}\u{200D}👩",
            "👨\u{200D}👩\u{200D}👧\u{200D}👦",
            "🏳\u{FE0F}\u{200D}🌈",
            "❤\u{FE0F}",
            "☎\u{FE0E}",
            "1\u{FE0F}\u{20E3}",
            // Persian: "I want"; with a mark between the letter and the joiner, too.
            "می\u{200C}خواهم",
            "بِ\u{200C}ب",
            // Hindi: a virama to be seen, and half a letter.
            "क्\u{200C}ष",
            "क्\u{200D}ष",
            "क्\u{200D}",
            // Malayalam: a chillu as it was written before it had a code point.
            "ന്\u{200D}",
            // A nukta before the virama.
            "क़्\u{200D}ष",
        ] {
            assert!(all_needed(text), "{text:?}");
        }
    }

    #[test]
    fn everywhere_else_they_only_hide() {
        for text in [
            "\u{200D}",
            "\u{200C}",
            "a\u{200D}b",
            "a\u{200C}b",
            "alice\u{200D}",
            "한\u{200D}국",
            "👩\u{200D}",
            "\u{200D}🚀",
            "👩\u{200D}a",
            "a\u{200D}🚀",
            "👩\u{200D}\u{200D}🚀",
            "👩\u{200C}🚀",
            "می\u{200D}خواهم",
            "می\u{200C}",
            "ا\u{200C}ب",
            "ب\u{200C}a",
            "क\u{200C}ष",
            "क\u{200D}ष",
            "्\u{200D}ष",
            "क्\u{200D}ा",
            "क्\u{200C}",
            "a\u{FE0F}",
            "1\u{FE0F}",
            "1\u{FE0F}2",
            "\u{FE0F}",
            "❤\u{FE0F}\u{FE0F}",
        ] {
            assert!(!all_needed(text), "{text:?}");
        }
    }
}
