use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizerBorrowed;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::domain::accounts::name::*;

/// Names, each with its key.
const GOOD: &[(&str, &str)] = &[
    ("alice", "alice"),
    ("Alice B.", "alice b."),
    ("ａｌｉｃｅ", "alice"),
    ("윤진", "윤진"),
    ("O'Neil-42_x", "o'neil-42_x"),
    ("Straße", "strasse"),
    ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
    ("σίσυφος", "σίσυφοσ"),
    ("ﬁne", "fine"),
    ("Ⅷ", "viii"),
    ("山田\u{3000}太郎", "山田 太郎"),
    ("a\u{A0}b", "a b"),
    ("İstanbul", "i\u{307}stanbul"),
    ("מיכל", "מיכל"),
    ("می\u{200C}خواهم", "میخواهم"),
    ("क्\u{200D}ष", "क्ष"),
    ("👩\u{200D}🚀", "👩🚀"),
    ("I ❤\u{FE0F} 🦀", "i ❤ 🦀"),
    ("...", "..."),
    (".a", ".a"),
    ("42", "42"),
    ("⠁\u{2800}⠃", "⠁ ⠃"),
    ("\u{FFFD}", "\u{FFFD}"),
];

#[test]
fn a_name_is_kept_as_written_and_found_by_its_key() {
    for (name, key) in GOOD {
        let parsed = UserName::parse(name).unwrap_or_else(|| panic!("{name:?}"));
        assert_eq!((parsed.as_str(), parsed.key().as_str()), (*name, *key));
        assert!(NameRule::default().name(name).is_some(), "{name:?}");
    }
    let composed = UserName::parse("e\u{301}lan").unwrap();
    assert_eq!(composed.as_str(), "élan");
}

#[test]
fn what_cannot_be_seen_or_seen_apart_is_no_name() {
    for bad in [
        "",
        " ",
        "   ",
        ".",
        "..",
        "．",
        "‥",
        "․․",
        // Controls, of lines, terminals and directions.
        "a\nb",
        "a\tb",
        "a\0b",
        "a\u{7F}b",
        "a\u{9B}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{202E}b",
        "a\u{200E}b",
        "a\u{61C}b",
        "a\u{2068}b",
        "a\u{FFF9}b",
        // Invisible.
        "\u{200B}\u{200B}",
        "\u{200D}",
        "\u{200C}",
        "\u{FEFF}",
        "alice\u{200B}",
        "al\u{AD}ice",
        "ali\u{2060}ce",
        "a\u{34F}b",
        "a\u{180E}b",
        "a\u{FE0F}",
        "a\u{FE00}",
        "a\u{E0061}",
        "a\u{E0100}",
        "a\u{1D173}b",
        "a\u{200D}b",
        "a\u{200C}b",
        "a\u{206A}b",
        // Looking blank.
        "\u{3164}",
        "a\u{3164}",
        "\u{115F}\u{1160}",
        "\u{FFA0}",
        "\u{2800}",
        "\u{2800}\u{2800}",
        "a\u{2800}",
        "\u{1D159}",
        // Blanks at the ends, and doubled.
        "alice ",
        " alice",
        "a  b",
        "a \u{3000}b",
        "a\u{A0}",
        "\u{3000}a",
        "a\u{2003}\u{2009}b",
        "a\u{1680}",
        "a \u{2800}b",
        // Marks alone.
        "\u{301}",
        "\u{301}\u{302}",
        "\u{20DD}",
        "\u{301} \u{301}",
        // Private, unassigned, no characters at all.
        "a\u{E000}",
        "a\u{F0000}",
        "a\u{10FFFD}",
        "a\u{378}",
        "a\u{FFFF}",
        "a\u{FDD0}",
        "a\u{10FFFE}",
        "a\u{E0FFF}",
    ] {
        assert_eq!(UserName::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_name_has_up_to_32_characters_however_it_is_typed() {
    for one in ["a", "한", "🦀", "\u{1112}\u{1161}\u{11AB}", "ο\u{313}\u{301}"] {
        let typed = |count| UserName::parse(&one.repeat(count));
        assert!(typed(NAME_CHARS_MAX).is_some(), "{one:?}");
        assert!(typed(NAME_CHARS_MAX + 1).is_none(), "{one:?}");
    }
    assert!(UserName::parse(&"a".repeat(65_536)).is_none());
    assert!(Called::new(&"a".repeat(TYPED_CHARS_MAX)).is_some());
    assert!(Called::new(&"a".repeat(TYPED_CHARS_MAX + 1)).is_none());
    assert!(["", "a\0", "\n"].iter().all(|text| Called::new(text).is_none()));
}

#[test]
fn scripts_are_mixed_only_where_a_language_does() {
    let rule = NameRule::default();
    for good in [
        "Αθήνα",
        "Привет 42",
        "日本語かなカナ",
        "Tokyo東京タワー",
        "서울seoul漢字",
        "ㄅㄆ漢字abc",
        "🦀Ferris🦀",
        "ראובן-3",
        "สมชาย",
        "Ꭳꭳ",
    ] {
        assert!(rule.name(good).is_some(), "{good:?}");
    }
    let relaxed = NameRule { mixed_scripts: true };
    for mixed in ["pаypal", "Аlice", "αlpha", "aлеx", "ՏHop", "かな서울", "Москвa", "γδд", "ラไ"]
    {
        assert!(rule.name(mixed).is_none(), "{mixed:?}");
        assert!(relaxed.name(mixed).is_some(), "{mixed:?}");
    }
    assert!(relaxed.name("a\u{200B}").is_none());
}

/// The ways in which a name may be typed.
fn variants(name: &str) -> Vec<String> {
    let nfd = DecomposingNormalizerBorrowed::new_nfd();
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap(),
        _ => c,
    };
    vec![
        nfd.normalize(name).into_owned(),
        nfkd.normalize(name).into_owned(),
        nfc(name).into_owned(),
        folded(name),
        // Folded in pieces, as Unicode has it (section 3.13, D145): an iota below a letter becomes a letter
        // of its own, behind the marks of the one above only where these have been sorted before.
        CaseMapper::new().fold_string(&nfd.normalize(name)).into_owned(),
        name.to_ascii_uppercase(),
        name.chars().map(wide).collect(),
    ]
}

#[test]
fn all_ways_to_type_a_name_have_one_key() {
    for (name, key) in GOOD {
        for typed in variants(name) {
            assert_eq!(NameKey::of(&typed).as_str(), *key, "{name:?} as {typed:?}");
        }
    }
    for (one, other) in [("alice", "al1ce"), ("a b", "ab"), ("é", "e"), ("ı", "i"), ("０", "o")]
    {
        assert_ne!(NameKey::of(one), NameKey::of(other));
    }
    let mut runner = TestRunner::new(ProptestConfig { cases: 2_000, ..ProptestConfig::default() });
    runner
        .run(&"\\PC{1,12}", |text| {
            let key = NameKey::of(&text);
            for typed in variants(&text) {
                prop_assert_eq!(&NameKey::of(&typed), &key, "{:?}", typed);
            }
            prop_assert_eq!(&NameKey::of(key.as_str()), &key, "the key of a key is itself");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_name_stays_the_same_name() {
    let mut runner = TestRunner::new(ProptestConfig { cases: 4_000, ..ProptestConfig::default() });
    let texts =
        prop_oneof!["\\PC{0,6}", "[a-e가-힣\u{300}-\u{304} \u{200C}\u{200D}🦀❤\u{FE0F}क-्]{0,8}"];
    runner
        .run(&texts, |text: String| {
            let Some(name) = UserName::parse(&text) else { return Ok(()) };
            prop_assert_eq!(UserName::parse(name.as_str()), Some(name.clone()));
            prop_assert_eq!(&NameKey::of(&text), name.key());
            prop_assert!(is_seen(name.as_str()) && !name.key().as_str().is_empty());
            prop_assert_eq!(name.as_str().trim(), name.as_str());
            Ok(())
        })
        .unwrap();
}
