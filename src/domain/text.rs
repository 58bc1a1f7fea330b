//! What Unicode says of characters, as far as rules for texts ask. All tables are those of ICU4X.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The text in the normal form in which it is kept: composed (NFC).
pub fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// What texts have in common that differ in case, width, normal form or in what cannot be seen: as
/// Unicode's NFKC_Casefold. `Alice`, `ａｌｉｃｅ` and `ALICE` give `alice`.
pub fn folded(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let fold = CaseMapper::new();
    let is_ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let once = fold.fold_string(&decomposed);
    let once = nfkc.normalize(&once);
    // Compatibility forms may have hidden capitals, and folding may undo what was composed.
    let twice = fold.fold_string(&once);
    let seen: String = twice.chars().filter(|c| !is_ignored.contains(*c)).collect();
    nfkc.normalize(&seen).into_owned()
}

/// Whether a character controls something: lines, terminals, or the direction of what is around it.
pub fn is_control(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || CodePointSetData::new::<BidiControl>().contains(c)
}

/// Whether nothing is to be seen of a character: white space, what renderers ignore (Hangul
/// fillers, too), signs that are drawn empty, and what only stands for something else.
pub fn is_blank(c: char) -> bool {
    const BRAILLE_BLANK: char = '\u{2800}';
    const NULL_NOTEHEAD: char = '\u{1D159}';
    const EGYPTIAN_BLANKS: [char; 2] = ['\u{13441}', '\u{13442}'];
    const OBJECT_REPLACEMENT: char = '\u{FFFC}';
    matches!(c, BRAILLE_BLANK | NULL_NOTEHEAD | OBJECT_REPLACEMENT)
        || EGYPTIAN_BLANKS.contains(&c)
        || CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether something is to be seen of a text, more than marks that have nothing to be put on.
pub fn is_seen(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c) && !GeneralCategoryGroup::Mark.contains(category(c)))
}

/// Whether a text may be shown beside others: nothing in it controls what is around it. It may be
/// empty, but not look empty without being so.
pub fn is_showable(text: &str) -> bool {
    !text.chars().any(is_control) && (text.is_empty() || is_seen(text))
}

/// The general category of a character.
pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_told_from_what_cannot() {
        for seen in ["a", " a ", "한", "🦀", ".", "e\u{301}", "\u{2801}", "１", "-", "\u{200B}a"]
        {
            assert!(is_seen(seen), "{seen:?}");
        }
        for unseen in [
            "",
            " ",
            "\u{3000}\u{A0}",
            "\u{200B}",
            "\u{200D}",
            "\u{2060}",
            "\u{FEFF}",
            "\u{AD}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{2800}",
            "\u{1D159}",
            "\u{13442}\u{13441}",
            "\u{FFFC}",
            "\u{301}\u{20DD}",
            "\u{FE0F}",
            "\u{E0041}",
            "\u{34F}",
            "\u{180E}",
            " \u{302} ",
        ] {
            assert!(!is_seen(unseen), "{unseen:?}");
        }
    }

    #[test]
    fn controls_are_not_shown_beside_others() {
        for good in ["", "a b", "שלום", "می\u{200C}خواهم", "👩\u{200D}🚀", "100 %"] {
            assert!(is_showable(good), "{good:?}");
        }
        for bad in [
            "a\0",
            "a\nb",
            "a\u{1B}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{202E}b",
            "a\u{200F}b",
            "a\u{61C}b",
            "a\u{2066}b",
            " ",
            "\u{3164}",
        ] {
            assert!(!is_showable(bad), "{bad:?}");
        }
    }
}
