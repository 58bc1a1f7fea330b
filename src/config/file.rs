//! The file: TOML, taken apart into settings. Knows no setting, and is the only place that names the
//! parser; what a value must be is asked of it later, by `value`.

use toml::de::{DeTable, DeValue, Error};

use super::value::Typed;

/// The settings of a file, by `section.key`; what is in no section by its key alone.
///
/// # Errors
/// Where the text is no TOML, and why: one line that quotes nothing of it, since it may hold secrets.
pub fn settings(text: &str) -> Result<Vec<(String, Typed)>, String> {
    let mut settings = Vec::new();
    for (section, value) in DeTable::parse(text).map_err(|fault| place(&fault))?.into_inner() {
        let section = section.into_inner();
        match value.into_inner() {
            DeValue::Table(keys) => settings.extend(keys.into_iter().map(|(key, value)| {
                (format!("{section}.{}", key.get_ref()), typed(value.into_inner()))
            })),
            other => settings.push((section.into_owned(), typed(other))),
        }
    }
    Ok(settings)
}

fn typed(value: DeValue<'_>) -> Typed {
    match value {
        DeValue::Boolean(flag) => Typed::Flag(flag),
        DeValue::Integer(number) => {
            let whole = i128::from_str_radix(number.as_str(), number.radix());
            whole.map_or(Typed::Other, Typed::Whole)
        }
        DeValue::String(text) => Typed::Text(text.into_owned()),
        DeValue::Array(items) => {
            Typed::List(items.into_iter().map(|item| typed(item.into_inner())).collect())
        }
        DeValue::Table(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(key, value)| (key.into_inner().into_owned(), value));
            Typed::Table(fields.map(|(key, value)| (key, typed(value.into_inner()))).collect())
        }
        DeValue::Float(_) | DeValue::Datetime(_) => Typed::Other,
    }
}

/// The first line of the parser's text says where, the last says what; between stands the source.
fn place(fault: &Error) -> String {
    let text = fault.to_string();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    lines.next_back().map_or(first.to_owned(), |last| format!("{first}: {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, Typed)> {
        settings(text).unwrap_or_else(|fault| panic!("{text:?}: {fault}"))
    }

    fn one(text: &str) -> Typed {
        let [(key, value)] = <[_; 1]>::try_from(of(text)).unwrap();
        assert_eq!(key, "s.k", "{text:?}");
        value
    }

    fn texts(items: &[&str]) -> Typed {
        Typed::List(items.iter().map(|item| Typed::Text((*item).to_owned())).collect())
    }

    #[test]
    fn a_setting_may_be_written_in_each_way_that_toml_has() {
        for text in [
            "[s]\nk = 1",
            "[s]\r\nk = 1\r\n",
            "\u{feff}[s]\nk = 1",
            "s.k = 1",
            "s = { k = 1 }",
            "[s]\n\"k\" = 1",
            "[s]\nk = +1",
            "[s]\nk = 0x1",
            "[s] # here\nk = 1 # there",
        ] {
            assert_eq!(one(text), Typed::Whole(1), "{text:?}");
        }
        assert_eq!(one("[s]\nk = \"\"\"a\nb\"\"\""), Typed::Text("a\nb".to_owned()));
        assert_eq!(one("[s]\nk = ['a',\n 'b',\n]"), texts(&["a", "b"]));
        assert_eq!(of("# nothing\n[s]\n"), []);
    }

    #[test]
    fn numbers_are_whole_however_long_they_are() {
        for (text, value) in [
            ("9223372036854775807", Typed::Whole(i64::MAX.into())),
            ("18446744073709551615", Typed::Whole(u64::MAX.into())),
            ("1_000", Typed::Whole(1_000)),
            ("-0", Typed::Whole(0)),
            ("-1", Typed::Whole(-1)),
            ("0b11", Typed::Whole(3)),
            (&"9".repeat(40), Typed::Other),
            ("1.0", Typed::Other),
            ("1e3", Typed::Other),
            ("1e999", Typed::Other),
            ("nan", Typed::Other),
        ] {
            assert_eq!(one(&format!("[s]\nk = {text}")), value, "{text}");
        }
    }

    #[test]
    fn dates_are_no_setting() {
        for text in ["[s]\nk = 1979-05-27", "[s]\nk = 1979-05-27T07:32:00Z"] {
            assert_eq!(one(text), Typed::Other, "{text:?}");
        }
    }

    #[test]
    fn tables_are_taken_with_what_is_in_them() {
        let table = |key: &str, value| Typed::Table(vec![(key.to_owned(), value)]);
        for text in ["[s.k]\nx = 1", "s.k.x = 1", "[s]\nk = { x = 1 }"] {
            assert_eq!(one(text), table("x", Typed::Whole(1)), "{text:?}");
        }
        assert_eq!(one("[s.k.x]\ny = 1"), table("x", table("y", Typed::Whole(1))));
        let list = |table| Typed::List(vec![table]);
        assert_eq!(one("[[s.k]]\nx = 1"), list(table("x", Typed::Whole(1))));
        let of_sections = list(table("k", Typed::Whole(1)));
        assert_eq!(of("[[s]]\nk = 1"), [("s".to_owned(), of_sections)]);
    }

    #[test]
    fn names_are_taken_as_they_are_written() {
        let names = |text| of(text).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(names("[S]\nK = 1"), ["S.K"]);
        assert_eq!(names("[\"s.k\"]\nx = 1"), ["s.k.x"]);
        assert_eq!(names("k = 1"), ["k"]);
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_place_and_nothing_of_the_text() {
        for (text, place) in [
            ("[s]\nk = hush", "line 2, column 5: string values must be quoted"),
            ("[s]\nk = \"hush", "line 2, column 10: invalid basic string"),
            ("[s]\nk = 'x' hush", "line 2, column 9: unexpected key or value"),
            ("[s]\nhush hush = 1", "line 2, column 6: key with no value"),
            ("[s]\nk = '''\nhush", "line 3, column 5: invalid multi-line literal string"),
            ("[s]\nhush = 1\nhush = 2", "line 3, column 1: duplicate key"),
            ("[s]\nhush = 1\n[s]\nk = 1", "line 3, column 2: duplicate key"),
            ("[s]\nk = 1\n[s.k]\nx = 1", "line 3, column 4: duplicate key"),
            ("[hush\nk = 1", "line 1, column 6: unclosed table"),
            ("[s]\rk = 1", "line 1, column 5: carriage return must be followed by newline"),
            (&format!("s = {}", "[".repeat(100_000)), "line 1, column 85: cannot recurse"),
        ] {
            let fault = settings(text).unwrap_err();
            assert!(fault.starts_with(&format!("TOML parse error at {place}")), "{fault}");
            assert!(!fault.contains("hush") && fault.lines().count() == 1, "{fault}");
        }
    }
}
