//! Bodies of forms with files (RFC 7578), which have been read whole.

use bytes::Bytes;
use memchr::memmem;

/// Parts of one form; those that follow are not looked at.
const PARTS_MAX: usize = 32;
/// The longest head of a part, in bytes.
const HEAD_BYTES_MAX: usize = 4_096;

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    pub name: String,
    /// Of a file, the name that the sender's computer has for it.
    pub file_name: Option<String>,
    pub mime: Option<String>,
    pub content: Bytes,
}

/// What stands between the parts, by a header `Content-Type`; `None` if it is no form with files.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let found = parameter(parameters, "boundary")?;
    (!found.is_empty() && found.len() <= 70).then_some(found)
}

/// The parts of a body; `None` if it is broken.
pub fn parts(body: &Bytes, boundary: &str) -> Option<Vec<FormPart>> {
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let between = memmem::Finder::new(&between);
    let mut at = memmem::find(body, first.as_bytes())?.checked_add(first.len())?;
    let mut parts = Vec::new();
    while parts.len() < PARTS_MAX {
        let rest = body.get(at..)?;
        if rest.starts_with(b"--") {
            break;
        }
        let rest = rest.strip_prefix(b"\r\n")?;
        at = at.checked_add(2)?;
        let head_end = memmem::find(rest.get(..rest.len().min(HEAD_BYTES_MAX))?, b"\r\n\r\n")?;
        let head = std::str::from_utf8(rest.get(..head_end)?).ok()?;
        let start = at.checked_add(head_end)?.checked_add(4)?;
        let length = between.find(body.get(start..)?)?;
        let end = start.checked_add(length)?;
        parts.extend(part(head, body.slice(start..end)));
        at = end.checked_add(between.needle().len())?;
    }
    Some(parts)
}

/// A part that has a name.
fn part(head: &str, content: Bytes) -> Option<FormPart> {
    let header = |wanted: &str| {
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let (_, parameters) = header("content-disposition")?.split_once(';')?;
    let name = parameter(parameters, "name")?;
    let file_name = parameter(parameters, "filename");
    let mime = header("content-type").map(|mime| mime.trim().to_owned());
    Some(FormPart { name, file_name, mime, content })
}

/// A parameter of a header, in quotes or not.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_matches(|c: char| c == ';' || c.is_whitespace());
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Vec<FormPart>> {
        parts(&Bytes::from(body.to_owned()), "XX")
    }

    #[test]
    fn a_boundary_is_found_in_quotes_and_without() {
        for (header, expected) in [
            ("multipart/form-data; boundary=XX", Some("XX")),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"X X\"", Some("X X")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=XX", None),
            ("text/plain; boundary=XX", None),
        ] {
            assert_eq!(boundary(header).as_deref(), expected, "{header}");
        }
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }

    #[test]
    fn parts_have_names_and_files_have_more() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"user_uuid\"\r\n\r\nabc\r\n--XX\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"a; b.png\"\r\n\
            Content-Type: image/png\r\n\r\n\r\n--X\r\n\r\n--XX--\r\n";
        let parts = read(body).unwrap();
        assert_eq!((parts[0].name.as_str(), &parts[0].content[..]), ("user_uuid", &b"abc"[..]));
        assert_eq!(parts[0].file_name, None);
        assert_eq!(parts[1].file_name.as_deref(), Some("a; b.png"));
        assert_eq!(parts[1].mime.as_deref(), Some("image/png"));
        assert_eq!(&parts[1].content[..], b"\r\n--X\r\n");
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn what_is_broken_is_nothing() {
        for body in [
            "",
            "--XX",
            "--XX\r\n",
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc",
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XX",
            "--XXContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XX--",
        ] {
            assert_eq!(read(body), None, "{body:?}");
        }
        let long = format!("--XX\r\n{}\r\n\r\nabc\r\n--XX--", "x".repeat(HEAD_BYTES_MAX));
        assert_eq!(read(&long), None);
        // A part without a name is nobody's.
        assert_eq!(read("--XX\r\nA: b\r\n\r\nabc\r\n--XX--"), Some(vec![]));
        assert_eq!(read("--XX--"), Some(vec![]));
    }

    #[test]
    fn of_many_parts_the_first_are_read() {
        let one = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        let body = format!("{}--XX--", one.repeat(PARTS_MAX + 1));
        assert_eq!(read(&body).map(|parts| parts.len()), Some(PARTS_MAX));
    }
}
