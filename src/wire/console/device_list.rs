//! Lists of devices as people type them: `['a', "b"]`, `a, b`, or one a line.
//!
//! The text is parsed, and nothing in it can do anything: what is no list is refused as a whole. The console's
//! page has the same grammar in `web/console/device-list.js`.

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::apps::console::DEVICE_TEXT_CHARS_MAX;
use crate::domain::apps::downstream::DEVICES_MAX;
use crate::wire::json;

/// Whether a text can be the id of something: 1 to [`DEVICE_TEXT_CHARS_MAX`] letters, digits and `. _ : -`. So no list
/// can hold a quote or a line break, and is shown as it came.
pub fn is_id_text(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    (1..=DEVICE_TEXT_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Reads a list from JSON: an array of ids, or the text of a list. `None` for anything else, and for more than
/// [`DEVICES_MAX`] items.
pub fn from_json(raw: &RawValue) -> Option<Vec<String>> {
    match json::string(raw) {
        Some(text) => from_text(&text),
        None => serde_json::from_str(raw.get()).ok().map(|JsonItems(items)| items),
    }
}

/// Reads the text of a list: items apart by a comma or white space, each bare or in quotes, all of them in
/// brackets or not.
fn from_text(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => text,
    };
    let mut items = Vec::new();
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (item, after) = first_item(rest)?;
        if items.len() >= DEVICES_MAX || !is_id_text(item) {
            return None;
        }
        items.push(item.to_owned());
        rest = after_separator(after)?;
    }
    Some(items)
}

/// The item that a text begins with, and what follows it.
fn first_item(text: &str) -> Option<(&str, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote);
        }
    }
    let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
    text.split_at_checked(end)
}

/// The next item and all after it, or nothing; `None` if no item follows a comma, or one follows at once.
fn after_separator(after: &str) -> Option<&str> {
    let rest = after.trim_start();
    match rest.strip_prefix(',') {
        Some(rest) => Some(rest.trim_start()).filter(|rest| !rest.is_empty()),
        None => (rest.is_empty() || rest.len() < after.len()).then_some(rest),
    }
}

/// An array of ids.
struct JsonItems(Vec<String>);

impl<'de> Deserialize<'de> for JsonItems {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(JsonItemsVisitor)
    }
}

struct JsonItemsVisitor;

impl<'de> Visitor<'de> for JsonItemsVisitor {
    type Value = JsonItems;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = array.next_element::<String>()? {
            if items.len() >= DEVICES_MAX || !is_id_text(&item) {
                return Err(A::Error::custom("no list of ids"));
            }
            items.push(item);
        }
        Ok(JsonItems(items))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::wire::console::device_list::*;

    fn list(json: &str) -> Option<Vec<String>> {
        from_json(serde_json::from_str::<&RawValue>(json).unwrap())
    }

    fn typed(text: &str) -> Option<Vec<String>> {
        list(&serde_json::to_string(text).unwrap())
    }

    /// Texts that the page's script reads, too, and must read alike.
    #[derive(serde::Deserialize)]
    struct TypedLists {
        two: Vec<String>,
        one: Vec<String>,
        empty: Vec<String>,
        none: Vec<String>,
    }

    fn lists() -> TypedLists {
        let texts = include_str!("../../../web/console/test/device-lists.json");
        serde_json::from_str(texts).unwrap()
    }

    #[test]
    fn a_list_is_read_as_people_type_it() {
        let TypedLists { two, one, empty, .. } = lists();
        for text in two {
            let ids = ["a", "35d612418f354c7eba8c6492813ddf2d"];
            assert_eq!(typed(&text).unwrap(), ids, "{text:?}");
        }
        for text in one {
            assert_eq!(typed(&text).unwrap(), ["a"], "{text:?}");
        }
        for text in empty {
            assert_eq!(typed(&text).unwrap(), [""; 0], "{text:?}");
        }
        assert_eq!(typed("a a A").unwrap(), ["a", "a", "A"], "as it came");
    }

    #[test]
    fn what_is_no_list_is_refused_whole() {
        for text in lists().none {
            assert_eq!(typed(&text), None, "{text:?}");
        }
    }

    #[test]
    fn an_array_is_of_ids_alone() {
        assert_eq!(list(r#"["a","A-b_c.d:9"]"#).unwrap(), ["a", "A-b_c.d:9"]);
        assert_eq!(list("[]").unwrap(), [""; 0]);
        assert_eq!(list(r#"["\u0061"]"#).unwrap(), ["a"]);
        for json in [
            "{}",
            "1",
            "true",
            "null",
            "[1]",
            "[null]",
            "[[]]",
            r#"[["a"]]"#,
            r#"[""]"#,
            r#"["a b"]"#,
            r#"["a'"]"#,
            r#"["a\n"]"#,
            r#"["a\u0000"]"#,
            r#"["a",2]"#,
            r#"["ä"]"#,
        ] {
            assert_eq!(list(json), None, "{json}");
        }
    }

    #[test]
    fn ids_and_lists_end_at_their_limits() {
        let longest = "x".repeat(DEVICE_TEXT_CHARS_MAX);
        assert_eq!(typed(&longest).unwrap(), [&*longest]);
        assert_eq!(typed(&format!("{longest}x")), None);
        let most = vec!["a"; DEVICES_MAX];
        for read in [typed, list] {
            let text = serde_json::to_string(&most).unwrap();
            assert_eq!(read(&text).unwrap().len(), DEVICES_MAX);
            let text = serde_json::to_string(&[&most[..], &["a"]].concat()).unwrap();
            assert_eq!(read(&text), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_of_ids_or_none(text in any::<String>()) {
            let items = typed(&text).unwrap_or_default();
            prop_assert!(items.iter().all(|item| is_id_text(item) && text.contains(item)));
        }

        #[test]
        fn a_list_of_any_form_is_read_back(
            items in prop::collection::vec("[A-Za-z0-9._:-]{1,40}", 0..20),
            quotes in prop::collection::vec("['\"]?", 20),
            separators in prop::collection::vec("( |, |,|\n| ,\t)", 20),
            brackets in any::<bool>(),
        ) {
            let mut text = String::new();
            for (at, item) in items.iter().enumerate() {
                let separator = if at == 0 { "" } else { &separators[at] };
                text += &format!("{separator}{0}{item}{0}", quotes[at]);
            }
            let text = if brackets { format!("[{text}]") } else { text };
            prop_assert_eq!(typed(&text).unwrap(), items);
        }
    }
}
