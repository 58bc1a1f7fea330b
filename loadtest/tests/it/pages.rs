//! The moments that pages end before.

use tradewind_loadtest::scenario::pages::Span;

#[test]
fn a_span_is_read_and_written() {
    let span = Span::parse("2026-01-01 09:00:00..2026-01-01 09:00:01.5").unwrap();
    assert_eq!(span.at(0), "2026-01-01 09:00:00.000000");
    assert_eq!(span.at(1_234_567), "2026-01-01 09:00:01.234567");
    assert_eq!(Span::parse("2199-12-31 00:00:00").unwrap().at(0), "2199-12-31 00:00:00.000000");
}

#[test]
fn a_span_that_is_none_is_refused() {
    for text in ["", "soon", "2026-01-02 00:00:00..2026-01-01 00:00:00", "2026-01-01 25:00:00"] {
        assert!(Span::parse(text).unwrap_err().to_string().contains("--before"), "{text}");
    }
}
