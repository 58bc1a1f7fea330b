//! `/demo/mails`: the mails that the hub keeps as files, in demo mode and to who sits at its machine. Whoever reads them
//! could log in as anybody.

use std::cmp::Reverse;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use actix_web::http::StatusCode;
use actix_web::http::header::{FORWARDED, HOST, X_FORWARDED_FOR};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::{ROOT, answer, escaped};
use crate::http::State;
use crate::http::error::{ApiError, NOT_FOUND};

const PAGE: &str = include_str!("mails.html");
/// The place of the mails.
const LIST: &str = "<!--mails-->";
/// Older ones are in the folder.
const SHOWN_MAX: usize = 20;
/// No mail of ours is longer.
const MAIL_BYTES_MAX: u64 = 65_536;

/// What is shown of a mail.
struct ShownMail {
    to: String,
    subject: String,
    link: String,
}

/// Where mails go, in a word for the page.
pub(super) fn kept(state: &State) -> &'static str {
    match (&state.mail_folder, state.settings.demo) {
        (Some(_), true) => "page",
        (Some(_), false) => "folder",
        (None, _) => "sent",
    }
}

/// The newest mails with their links.
pub(super) async fn show(
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let folder = state.mail_folder.clone().filter(|_| state.settings.demo && is_at_home(&request));
    let folder = folder.ok_or(NOT_FOUND)?;
    let mails = web::block(move || newest(&folder)).await.map_err(|_| ApiError::Internal)?;
    let list = match mails.iter().map(item).collect::<String>() {
        none if none.is_empty() => "<li>There are none yet.</li>".to_owned(),
        list => list,
    };
    let page = PAGE.replace(ROOT, &state.page_files.root()).replace(LIST, &list);
    Ok(answer(StatusCode::OK, page))
}

fn item(mail: &ShownMail) -> String {
    let (to, subject, link) = (escaped(&mail.to), escaped(&mail.subject), escaped(&mail.link));
    format!(
        "<li><strong>{subject}</strong><span class=\"soft small\">{to}</span><a href=\"{link}\">Follow the link</a></li>"
    )
}

/// Whether it comes from this machine: not by a proxy, and not from a page of elsewhere that was given its name.
fn is_at_home(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let is_direct = !headers.contains_key(X_FORWARDED_FOR) && !headers.contains_key(FORWARDED);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let is_named = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_direct && is_named && request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
}

/// What cannot be read is left out.
fn newest(folder: &Path) -> Vec<ShownMail> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "eml"))
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(|about| about.len() <= MAIL_BYTES_MAX)?;
            Some((about.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort_unstable_by_key(|(modified, _)| Reverse(*modified));
    let texts = files.iter().take(SHOWN_MAX).filter_map(|(_, path)| fs::read_to_string(path).ok());
    texts.map(|text| shown(&text)).collect()
}

fn shown(text: &str) -> ShownMail {
    let header = |name: &str| {
        let value = text
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(name));
        value.unwrap_or_default().trim().to_owned()
    };
    let mut words = text.split_whitespace();
    let link = words.find(|word| word.starts_with("http://") || word.starts_with("https://"));
    ShownMail {
        to: header("To:"),
        subject: header("Subject:"),
        link: link.unwrap_or_default().to_owned(),
    }
}
