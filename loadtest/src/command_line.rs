//! The command line as the report shows it: without secrets, and fit for a shell.

use std::ffi::OsString;

/// Options whose value is a secret.
const SECRET: [&str; 3] = ["--token", "--password", "--user"];
/// Parts of a query whose value is a secret.
const SECRET_QUERY: [&str; 7] =
    ["token", "auth", "access_token", "password", "secret", "key", "ticket"];
/// What says where a report goes, and not what was measured.
const ABOUT_REPORTS: [&str; 6] =
    ["--json", "--html", "--note", "--compare", "--fail-on", "--server-pid"];
const HIDDEN: &str = "***";

/// The words after the program's name, secrets left out.
pub fn words(args: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let mut hide = false;
    let mut out = Vec::new();
    for arg in args.into_iter().skip(1) {
        let arg = arg.to_string_lossy().into_owned();
        let shown = match arg.split_once('=') {
            _ if std::mem::take(&mut hide) => HIDDEN.to_owned(),
            Some((name, _)) if SECRET.contains(&name) => format!("{name}={HIDDEN}"),
            _ => without_query(&arg),
        };
        hide = SECRET.contains(&arg.as_str());
        out.push(shown);
    }
    out
}

/// Hides secrets of a query, such as `/ws?token=...`.
pub fn without_query(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else { return text.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if SECRET_QUERY.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}={HIDDEN}")
        }
        _ => part.to_owned(),
    };
    let parts: Vec<String> = query.split('&').map(part).collect();
    format!("{before}?{}", parts.join("&"))
}

/// One line that a shell would read as these words.
pub fn line(words: &[String]) -> String {
    let plain = |word: &str| {
        let good = |sign: char| sign.is_ascii_alphanumeric() || "-_./:=,@%+".contains(sign);
        !word.is_empty() && word.chars().all(good)
    };
    let quoted = words.iter().map(|word| {
        if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    });
    std::iter::once("tradewind-loadtest".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

/// The words that decide what is measured, an option and its value as one, in order.
pub fn load(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let value = words.next_if(|next| word.starts_with("--") && !next.starts_with("--"));
        let whole =
            value.map_or_else(|| word.replacen('=', " ", 1), |value| format!("{word} {value}"));
        let name = whole.split(' ').next().unwrap_or_default();
        if !ABOUT_REPORTS.contains(&name) {
            out.push(whole);
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(args: &[&str]) -> String {
        line(&words(std::iter::once("x").chain(args.iter().copied()).map(OsString::from)))
    }

    #[test]
    fn secrets_are_left_out() {
        for args in [
            &["pairs", "--token", "s3cret", "--pairs", "1"][..],
            &["pairs", "--token=s3cret"],
            &["pairs", "--user", "ann:s3cret"],
            &["pairs", "--user=ann:s3cret", "--password", "s3cret"],
            &["pairs", "--password=s3cret"],
            &["idle", "--path", "/ws?compat=wind&token=s3cret"],
            &["idle", "--address=wss://h/ws?Auth=s3cret"],
        ] {
            let line = shown(args);
            assert!(!line.contains("s3cret") && line.contains("***"), "{line}");
        }
        assert!(shown(&["pairs", "--token", "s", "--pairs", "1"]).ends_with("--pairs 1"));
    }

    #[test]
    fn a_shell_reads_the_same_words() {
        assert_eq!(shown(&["a b", "", "it's"]), r"tradewind-loadtest 'a b' '' 'it'\''s'");
    }

    #[test]
    fn what_is_not_about_the_load_does_not_count() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let one = load(&words("pairs --pairs 3 --json a --seconds=2 --spin"));
        let two = load(&words("pairs --spin --seconds 2 --html b --note x --pairs=3"));
        assert_eq!(one, two);
        assert_ne!(one, load(&words("pairs --pairs 4 --seconds 2 --spin")));
    }
}
