//! `/assets/…`: the files of the page. Their addresses hold a hash of all of them, so that a browser keeps them for ever
//! and never mixes two releases; modules find each other by relative paths, as they do in the repository.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY,
};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::http::State;
use crate::http::error::{ApiError, NOT_FOUND};

/// Names below `web`, and bytes.
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/page_files.rs"));
/// What stands for the hash while files are read from a folder.
const UNVERSIONED: &str = "dev";
/// The address names the content.
const KEPT: &str = "public, max-age=31536000, immutable";
/// So many bytes of the hash are enough.
const VERSION_BYTES: usize = 8;

/// A file as it is sent.
struct PageFile {
    kind: &'static str,
    text: Bytes,
    gzip: Bytes,
}

/// All that are in the program, pressed once.
static PAGE: LazyLock<HashMap<&str, PageFile>> = LazyLock::new(|| {
    let files = FILES.iter().filter_map(|(name, bytes)| {
        let kind = media_type(name)?;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if name.ends_with(".js") => Bytes::from(without_comments(text)),
            Ok(_) | Err(_) => Bytes::from_static(bytes),
        };
        let gzip = Bytes::from(pressed(&text));
        Some((*name, PageFile { kind, text, gzip }))
    });
    files.collect()
});

/// A script without the lines that are nothing but comment, which are a fifth of what a browser would load. Lines keep
/// their numbers. What begins with `/*!` stays: it says whose the script is.
fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.split_inclusive('\n') {
        let words = line.trim();
        let is_block = is_inside || words.starts_with("/**");
        if !is_block && !words.starts_with("//") {
            kept.push_str(line);
        } else if line.ends_with('\n') {
            kept.push('\n');
        }
        is_inside = is_block && !words.ends_with("*/");
    }
    kept
}

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, bytes) in FILES {
        hash.update(name.as_bytes());
        hash.update(bytes);
    }
    let hash = hash.finalize();
    hash.iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
});

/// Where the files of the page come from: the program, or a folder that is read anew each time.
pub struct PageFiles(Option<PathBuf>);

impl PageFiles {
    /// From the folder of the setting `http.web_dir`; empty: from the program.
    pub fn new(folder: &str) -> Self {
        Self((!folder.is_empty()).then(|| PathBuf::from(folder)))
    }

    /// The address they are below, without a slash at the end.
    pub fn root(&self) -> String {
        let version = if self.0.is_some() { UNVERSIONED } else { VERSION.as_str() };
        format!("/assets/{version}")
    }

    /// What asks a browser for all modules of the chat at once, instead of one after another as they name each other.
    pub fn preloads(&self) -> String {
        let root = self.root();
        let is_module = |name: &&str| {
            let is_extra = name.starts_with("app/texts/")
                && *name != "app/texts/en.js"
                && *name != "app/texts/languages.js";
            name.ends_with(".js") && !is_extra && !name.starts_with("app/design")
        };
        let modules = FILES.iter().map(|(name, _)| *name).filter(is_module);
        modules
            .map(|name| format!("<link rel=\"modulepreload\" href=\"{root}/{name}\" />"))
            .collect()
    }

    /// The text of a file, such as a page.
    ///
    /// # Errors
    /// "Not found", or that the folder cannot be read.
    pub async fn text(&self, name: &str) -> Result<String, ApiError> {
        let bytes = match &self.0 {
            Some(folder) => read(folder, name).await?,
            None => FILES.iter().find(|(own, _)| *own == name).ok_or(NOT_FOUND)?.1.to_vec(),
        };
        String::from_utf8(bytes).map_err(|_| ApiError::Internal)
    }
}

/// A file of the page.
///
/// # Errors
/// "Not found", also for those of another release.
pub async fn show(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let (version, name) = path.into_inner();
    let kind = media_type(&name).filter(|_| is_plain(&name)).ok_or(NOT_FOUND)?;
    if let Some(folder) = &state.page_files.0 {
        let bytes = read(folder, &name).await?;
        return Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(bytes));
    }
    let file = PAGE.get(name.as_str()).filter(|_| version == *VERSION).ok_or(NOT_FOUND)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, file.kind))
        .insert_header((CACHE_CONTROL, KEPT))
        .insert_header((VARY, "Accept-Encoding"));
    Ok(if takes_gzip(&request) {
        answer.insert_header((CONTENT_ENCODING, "gzip")).body(file.gzip.clone())
    } else {
        answer.body(file.text.clone())
    })
}

async fn read(folder: &Path, name: &str) -> Result<Vec<u8>, ApiError> {
    tokio::fs::read(folder.join(name)).await.map_err(|error| {
        log::warn!("http.web_dir: {name} cannot be served: {error}");
        NOT_FOUND
    })
}

/// Whether a name leads to nothing but a file below the folder.
fn is_plain(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.split('/')
        .all(|part| !part.starts_with('.') && !part.is_empty() && part.bytes().all(is_word))
}

/// What is served, and as what.
fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(ACCEPT_ENCODING).filter_map(|line| line.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Writing to memory does not fail.
fn pressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok());
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for good in ["app/main.js", "vendor/signals-core.js", "a.b/c_d.js"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "app/../x.js",
            "app//x.js",
            ".x.js",
            "app/.x.js",
            "a b.js",
            "a\\b.js",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
        assert!(FILES.iter().all(|(name, _)| is_plain(name)));
    }

    #[test]
    fn nothing_for_developers_is_in_the_program() {
        let others = FILES.iter().filter(|(name, _)| name.contains("test"));
        assert_eq!(others.count(), 0);
        assert!(PAGE.contains_key("app/main.js") && PAGE.contains_key("sdk/tradewind.js"));
    }

    #[test]
    fn comments_leave_empty_lines_behind() {
        let script = "/*! whose */\n/** What it\n * does. */\nlet a = 1; // one\n  // two\n  /** three */\nb\n";
        assert_eq!(without_comments(script), "/*! whose */\n\n\nlet a = 1; // one\n\n\nb\n");
    }

    /// A line of a template that looks like a comment would be lost.
    #[test]
    fn no_comment_is_in_a_template() {
        for (name, bytes) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            let mut ticks = 0;
            for line in std::str::from_utf8(bytes).expect("a text").lines() {
                let words = line.trim();
                let is_comment =
                    ["//", "/**", "* ", "*/"].iter().any(|start| words.starts_with(start));
                if is_comment {
                    assert_eq!(ticks % 2, 0, "{name}: {line}");
                } else {
                    ticks += line.matches('`').count();
                }
            }
        }
    }

    #[test]
    fn gzip_goes_to_who_takes_it() {
        let takes = |value: &str| {
            takes_gzip(
                &TestRequest::default().insert_header((ACCEPT_ENCODING, value)).to_http_request(),
            )
        };
        assert!(takes("gzip") && takes("br, GZIP;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("gzip; q=0.000") && !takes(""));
    }
}
