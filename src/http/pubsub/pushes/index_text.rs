//! The text of the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::received::KeptPush;
use crate::service::pubsub::PushState;

const PAGE: &str = include_str!("index.html");

/// What the page shows.
pub struct PageContent<'a> {
    /// The latest first.
    pub received: &'a [KeptPush],
    pub pushes: &'a [(SubscriptionName, PushState)],
    /// What the form has to say, if the browser sends a cookie.
    pub csrf: Option<&'a str>,
    /// Whether tokens are shown with their signatures. Whoever sees one can use it.
    pub has_whole_tokens: bool,
}

/// The page.
pub fn page(shown: &PageContent<'_>) -> String {
    let (mut tokens, mut claims, mut messages) = (String::new(), String::new(), String::new());
    for push in shown.received {
        if let Some(sender) = &push.sender {
            let token =
                if shown.has_whole_tokens { &sender.token } else { unsigned(&sender.token) };
            let rest = if shown.has_whole_tokens { "" } else { ".…" };
            tokens += &format!("<li><pre>{}{rest}</pre></li>\n", escaped(token));
            claims += &format!("<li><pre>{}</pre></li>\n", escaped(&sender.claims));
        }
        messages += &message(push);
    }
    let pushes: String = shown.pushes.iter().map(|(name, state)| row(name, state)).collect();
    let csrf = shown.csrf.map(|token| {
        format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">\n", escaped(token))
    });
    let parts = [
        ("<!--tokens-->", tokens),
        ("<!--claims-->", claims),
        ("<!--messages-->", messages),
        ("<!--pushes-->", pushes),
        ("<!--csrf-->", csrf.unwrap_or_default()),
    ];
    filled(PAGE, &parts)
}

/// The template with what belongs in its places, which are in this order. What is filled in is looked at no more.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let (mut page, mut rest) = (String::new(), template);
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        page += before;
        page += text;
        rest = after;
    }
    page + rest
}

fn message(push: &KeptPush) -> String {
    let shown = shown_text(&push.payload);
    let text = shown.map_or_else(|| STANDARD.encode(&push.payload), str::to_owned);
    let mut marks = Vec::new();
    if shown.is_none() {
        marks.push("base64, since it is not UTF-8".to_owned());
    }
    let is_cut = u64::try_from(push.payload.len()).is_ok_and(|bytes| bytes < push.payload_bytes);
    if is_cut {
        marks.push(format!("the beginning of {} bytes", push.payload_bytes));
    }
    let mark = match marks.is_empty() {
        true => String::new(),
        false => format!(" <span class=\"mark\">({})</span>", marks.join("; ")),
    };
    format!("<li><pre>{}</pre>{mark}</li>\n", escaped(&text))
}

/// A payload, if it is text; a character at its end that was cut is left out.
fn shown_text(payload: &[u8]) -> Option<&str> {
    match std::str::from_utf8(payload) {
        Ok(text) => Some(text),
        Err(fault) if fault.error_len().is_none() => {
            std::str::from_utf8(payload.get(..fault.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

fn row(name: &SubscriptionName, state: &PushState) -> String {
    let how = match (state.last, state.failing) {
        (None, _) => "waiting".to_owned(),
        (Some(_), 0) => "good".to_owned(),
        (Some(_), failing) => format!("failing ({failing} in a row)"),
    };
    let last = state.last.map(|last| last.to_string()).unwrap_or_default();
    let failed_at = state.failed_at.map(said).unwrap_or_default();
    let cells =
        [name.to_string(), state.endpoint.clone(), how, last, failed_at, state.tries.to_string()];
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr>{cells}</tr>\n")
}

fn said(moment: Timestamp) -> String {
    crate::http::v1::time::text(moment)
}

/// A token without what makes it good.
fn unsigned(token: &str) -> &str {
    token.rsplit_once('.').map_or("", |(said, _)| said)
}

/// Text that no browser takes for anything else, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // HTML has no such character.
            '\0' => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pubsub::received::PushSender;
    use crate::service::pubsub::PushOutcome;

    fn push(payload: &[u8], payload_bytes: u64) -> KeptPush {
        let sender = PushSender {
            token: "head.claims.signature".to_owned(),
            claims: "{\"email\":\"<i>\"}".to_owned(),
        };
        KeptPush {
            subscription: "projects/p/subscriptions/s".to_owned(),
            message_id: None,
            sender: Some(sender),
            payload: payload.to_vec(),
            payload_bytes,
            received_at: Timestamp::from_micros(0),
        }
    }

    fn shown(received: &[KeptPush], has_whole_tokens: bool) -> String {
        page(&PageContent { received, pushes: &[], csrf: Some("a\"b"), has_whole_tokens })
    }

    #[test]
    fn places_are_there_once_and_in_order() {
        let mut from = 0;
        for place in
            ["<!--tokens-->", "<!--claims-->", "<!--messages-->", "<!--pushes-->", "<!--csrf-->"]
        {
            assert_eq!(PAGE.matches(place).count(), 1, "{place}");
            let at = PAGE.find(place).unwrap();
            assert!(at > from, "{place}");
            from = at;
        }
        assert!(!PAGE.contains("<script"));
    }

    #[test]
    fn what_strangers_wrote_is_text() {
        let evil = "<script>alert(1)</script><!--csrf-->'\"&\0";
        let page = shown(&[push(evil.as_bytes(), 40)], false);
        let safe = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--csrf--&gt;&#39;&quot;&amp;\u{FFFD}";
        assert!(page.contains(safe), "{page}");
        assert!(!page.contains("<script") && !page.contains("<i>"), "{page}");
        assert!(page.contains("value=\"a&quot;b\""), "{page}");
    }

    #[test]
    fn tokens_are_shown_without_their_signatures() {
        let received = [push(b"x", 1)];
        let page = shown(&received, false);
        assert!(page.contains("<pre>head.claims.…</pre>") && !page.contains("signature"), "{page}");
        assert!(shown(&received, true).contains("<pre>head.claims.signature</pre>"));
    }

    #[test]
    fn payloads_are_text_or_base64_and_say_what_is_missing() {
        let text = |payload: &[u8], bytes| message(&push(payload, bytes));
        assert_eq!(text("안녕".as_bytes(), 6), "<li><pre>안녕</pre></li>\n");
        let cut = "안녕".as_bytes();
        assert!(
            text(&cut[..5], 6)
                .contains("<pre>안</pre> <span class=\"mark\">(the beginning of 6 bytes)")
        );
        let binary = text(&[0xFF, 0xFE], 2);
        assert!(binary.contains("<pre>//4=</pre> <span class=\"mark\">(base64"), "{binary}");
    }

    #[test]
    fn pushes_have_a_row_each() {
        let name = SubscriptionName::new("p", "sub").unwrap();
        let state = PushState {
            endpoint: "http://a.example/<b>".to_owned(),
            tries: 7,
            failures: 3,
            failing: 2,
            last: Some(PushOutcome::Status(503)),
            failed_at: Some(Timestamp::from_micros(0)),
        };
        let row = row(&name, &state);
        for cell in [
            "http://a.example/&lt;b&gt;",
            "failing (2 in a row)",
            "<td>503</td>",
            "<td>7</td>",
            "1970-",
        ] {
            assert!(row.contains(cell), "{cell} is not in {row}");
        }
    }
}
