use proptest::prelude::*;

use crate::wire::chatting::encode::*;

#[test]
fn five_characters_are_escaped_once() {
    let text = r#"<b id="x">'&lt;'</b> 한글 🦀"#;
    let escaped = "&lt;b id=&quot;x&quot;&gt;&#x27;&amp;lt;&#x27;&lt;/b&gt; 한글 🦀";
    assert_eq!(Escaped(text).to_string(), escaped);
    assert_eq!(Escaped("").to_string(), "");
    assert_eq!(Escaped("YOU WIN!").to_string(), "YOU WIN!");
}

proptest! {
    #[test]
    fn what_is_escaped_can_be_read_back(text in any::<String>()) {
        let escaped = Escaped(&text).to_string();
        prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        let back = escaped
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&amp;", "&");
        prop_assert_eq!(back, text);
    }
}

#[test]
fn time_is_utc_in_milliseconds() {
    let json = |micros| serde_json::to_string(&Moment(Timestamp::from_micros(micros))).unwrap();
    assert_eq!(json(1_795_265_406_123_999), "\"2026-11-21T12:50:06.123Z\"");
    assert_eq!(json(1_795_265_406_000_000), "\"2026-11-21T12:50:06.000Z\"");
}
