//! Filters of subscriptions: which messages come, by their attributes.
//!
//! `attributes:k` (there is one), `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "p")`, with `NOT` or `-` before
//! them, `AND` and `OR` between them, and parentheses where both of these meet. Words count in their case.

use super::message::Attributes;
use super::refusal::PubsubRefusal;

/// How long a filter may be, as it is written.
pub const FILTER_BYTES_MAX: usize = 256;

/// Which messages come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Term);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Has(String),
    Is { key: String, value: String },
    Starts { key: String, prefix: String },
}

impl Filter {
    /// Reads a filter. Of an empty one there is nothing to be kept: all messages come.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn parse(text: &str) -> Result<Option<Self>, PubsubRefusal> {
        if text.len() > FILTER_BYTES_MAX {
            let what = format!("filter is longer than {FILTER_BYTES_MAX} bytes");
            return Err(PubsubRefusal::invalid(what));
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut parser = FilterParser { rest: text };
        let found = parser.terms().and_then(|term| {
            parser.skip_space();
            parser.rest.is_empty().then_some(Self(term))
        });
        let at = text.len().saturating_sub(parser.rest.len());
        match found {
            Some(filter) => Ok(Some(filter)),
            None => Err(PubsubRefusal::invalid(format!("filter cannot be read at byte {at}"))),
        }
    }

    /// Whether a message comes. An attribute that is not there differs from every value.
    pub fn matches(&self, attributes: &Attributes) -> bool {
        self.0.matches(attributes)
    }
}

impl Term {
    fn matches(&self, attributes: &Attributes) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.matches(attributes)),
            Self::Any(terms) => terms.iter().any(|term| term.matches(attributes)),
            Self::Not(term) => !term.matches(attributes),
            Self::Has(key) => attributes.contains_key(key),
            Self::Is { key, value } => attributes.get(key) == Some(value),
            Self::Starts { key, prefix } => {
                attributes.get(key).is_some_and(|value| value.starts_with(prefix.as_str()))
            }
        }
    }
}

/// Reads from the front; what is not a filter is None, and `rest` stands near it. Nested no deeper than a filter
/// has bytes.
struct FilterParser<'a> {
    rest: &'a str,
}

impl FilterParser<'_> {
    /// Terms with the same word between them.
    fn terms(&mut self) -> Option<Term> {
        let first = self.term()?;
        let mut more = Vec::new();
        let word = ["AND", "OR"].into_iter().find(|word| self.takes_word(word));
        let Some(word) = word else { return Some(first) };
        more.push(first);
        more.push(self.term()?);
        while self.takes_word(word) {
            more.push(self.term()?);
        }
        Some(if word == "AND" { Term::All(more) } else { Term::Any(more) })
    }

    fn term(&mut self) -> Option<Term> {
        let is_negated = self.takes("-") || self.takes_word("NOT");
        let term = if self.takes("(") {
            let inner = self.terms()?;
            self.takes(")").then_some(inner)?
        } else if self.takes_word("hasPrefix") {
            self.prefix()?
        } else {
            self.comparison()?
        };
        Some(if is_negated { Term::Not(Box::new(term)) } else { term })
    }

    fn prefix(&mut self) -> Option<Term> {
        (self.takes("(") && self.takes_word("attributes") && self.takes(".")).then_some(())?;
        let key = self.key()?;
        self.takes(",").then_some(())?;
        let prefix = self.quoted()?;
        self.takes(")").then_some(Term::Starts { key, prefix })
    }

    fn comparison(&mut self) -> Option<Term> {
        self.takes_word("attributes").then_some(())?;
        if self.takes(":") {
            return self.key().map(Term::Has);
        }
        self.takes(".").then_some(())?;
        let key = self.key()?;
        if self.takes("!=") {
            let value = self.quoted()?;
            return Some(Term::Not(Box::new(Term::Is { key, value })));
        }
        self.takes("=").then_some(())?;
        let value = self.quoted()?;
        Some(Term::Is { key, value })
    }

    /// A bare word, or anything between quotes.
    fn key(&mut self) -> Option<String> {
        self.skip_space();
        if self.rest.starts_with('"') {
            return self.quoted().filter(|key| !key.is_empty());
        }
        let end = self.rest.find(|c| !is_of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// What stands between quotes; a backslash comes before a quote, a backslash, or `u` and four hex digits.
    fn quoted(&mut self) -> Option<String> {
        self.takes("\"").then_some(())?;
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    c @ ('"' | '\\') => text.push(c),
                    'u' => {
                        let (digits, rest) = chars.as_str().split_at_checked(4)?;
                        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
                        text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                        chars = rest.chars();
                    }
                    _ => return None,
                },
                c => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(text)
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A word that ends where it ends.
    fn takes_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(word).filter(|rest| !rest.starts_with(is_of_word));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(text: &str) -> Attributes {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn messages_come_by_their_attributes() {
        const LANG: &str =
            r#"attributes:"iana.org/language" AND attributes."iana.org/language"="\u307f""#;
        const MIXED: &str = r#"attributes:a AND (attributes:b OR attributes:c)"#;
        for (filter, there, comes) in [
            ("attributes:a", "a=1", true),
            ("attributes:a", "A=1", false),
            ("attributes:a", "", false),
            (r#"attributes.a = "1""#, "a=1", true),
            (r#"attributes.a="1""#, "a=2", false),
            (r#"attributes.a = "x""#, "a=X", false),
            (r#"attributes.a != "1""#, "a=1", false),
            (r#"attributes.a != "1""#, "a=2", true),
            (r#"attributes.a != "1""#, "b=1", true),
            (r#"attributes.a = """#, "a=", true),
            (r#"attributes.a = """#, "", false),
            (r#"hasPrefix(attributes.a, "ab")"#, "a=abc", true),
            (r#"hasPrefix ( attributes.a , "ab" )"#, "a=ac", false),
            (r#"NOT hasPrefix(attributes.a, "ab")"#, "", true),
            ("NOT attributes:a", "b=1", true),
            ("-attributes:a", "a=1", false),
            ("- attributes:a", "", true),
            ("NOT (attributes:a OR attributes:b)", "b=1", false),
            ("-(attributes:a AND attributes:b)", "b=1", true),
            ("attributes:a AND attributes:b AND NOT attributes:c", "a=1 b=1", true),
            ("attributes:a AND attributes:b AND NOT attributes:c", "a=1 b=1 c=1", false),
            ("attributes:a OR attributes:b OR -attributes:c", "c=1", false),
            ("attributes:a OR attributes:b OR -attributes:c", "", true),
            (MIXED, "a=1 c=1", true),
            (MIXED, "b=1 c=1", false),
            ("((attributes:a))", "a=1", true),
            ("attributes:a-b_9", "a-b_9=1", true),
            (LANG, "iana.org/language=み", true),
            (r#"attributes.a = "\"\\""#, r#"a="\"#, true),
            (r#" attributes . a = "x) AND (y" "#, "a=x", false),
        ] {
            let parsed = Filter::parse(filter).unwrap().unwrap();
            assert_eq!(parsed.matches(&attributes(there)), comes, "{filter} of {there}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in [
            "a",
            "attributes",
            "attributes:",
            "attributes.a",
            "attributes.a = 1",
            "attributes.a = 'x'",
            r#"attributes.a == "1""#,
            r#"attributes.a < "1""#,
            r#"attributes.a = "1"#,
            r#"attributes.a = "\n""#,
            r#"attributes.a = "\ud800""#,
            r#"attributes.a = "\u00é""#,
            r#"attributes."" = "x""#,
            r#"attributes:a = "x""#,
            "Attributes:a",
            "attributes:é",
            "attributes:a AND",
            "AND attributes:a",
            "attributes:a and attributes:b",
            "attributes:a attributes:b",
            "attributes:a AND attributes:b OR attributes:c",
            "attributes:a OR attributes:b AND attributes:c",
            "NOT NOT attributes:a",
            "NOTattributes:a",
            "--attributes:a",
            "(attributes:a",
            "attributes:a)",
            "()",
            "not attributes:a",
            r#"hasprefix(attributes.a, "x")"#,
            "hasPrefix(attributes.a)",
            r#"hasPrefix(attributes:a, "x")"#,
            r#"hasPrefix(attributes.a, "x""#,
        ] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_filter_has_256_bytes_at_most() {
        let of = |bytes: usize| format!("attributes:{}", "k".repeat(bytes - "attributes:".len()));
        assert!(Filter::parse(&of(FILTER_BYTES_MAX)).unwrap().is_some());
        assert!(Filter::parse(&of(FILTER_BYTES_MAX + 1)).is_err());
        let nested = format!("{}attributes:a{}", "(".repeat(122), ")".repeat(122));
        assert!(Filter::parse(&nested).unwrap().is_some());
        assert!(Filter::parse(&"(".repeat(256)).is_err());
    }

    #[test]
    fn an_empty_filter_is_none() {
        assert_eq!(Filter::parse("").unwrap(), None);
        assert_eq!(Filter::parse("  ").unwrap(), None);
    }
}
