//! `/`: the chat, for browsers. It is in the program, a file a module, without a build step; who changes it can have the
//! files read from a folder instead (`http.web_dir`).

mod files;
mod mails;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, ContentType, HOST, HeaderValue, REFERRER_POLICY, VARY,
};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::error::ApiError;
use super::{State, only};

pub use self::files::PageFiles;

/// What its pages may do: run scripts of this hub, be drawn by styles of this hub, speak with this hub. No text ever
/// becomes a script or HTML.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/// The place of the modules that a page will need: a browser asks for all of them at once.
const MODULES: &str = "<!--modules-->";
/// The place of where files are.
const ROOT: &str = "{root}";
/// The place of where mails go.
const MAILS: &str = "{mails}";

/// Mounts its files, and what there is in demo mode.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only("/assets/{version}/{name:.*}", "GET, HEAD", web::to(files::show)))
        .service(only("/design", "GET, HEAD", web::to(design)))
        .service(only("/demo/mails", "GET, HEAD", web::to(mails::show)));
}

/// Whether it is a browser that asks, for a page: programs take anything, or JSON.
pub fn is_for_people(request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(ACCEPT);
    lines.filter_map(|line| line.to_str().ok()).any(|line| {
        line.split(',').any(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
        })
    })
}

/// The chat.
///
/// # Errors
/// What cannot be read of `http.web_dir`.
pub async fn chat(request: &HttpRequest, state: &State) -> Result<HttpResponse, ApiError> {
    let mut page = from_file(state, "app/index.html").await?;
    if let Some(policy) = policy_with_sockets(request) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(page)
}

/// For some browsers `'self'` has no sockets in it: those of the host that the page was asked of.
fn policy_with_sockets(request: &HttpRequest) -> Option<HeaderValue> {
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host) {
        return None;
    }
    let sockets = format!("connect-src 'self' ws://{host} wss://{host};");
    let policy = POLICY.replace("connect-src 'self';", &sockets);
    HeaderValue::try_from(format!("{policy}; form-action 'none'")).ok()
}

/// The components of the page with their states, in demo mode.
async fn design(state: Data<State>) -> Result<HttpResponse, ApiError> {
    if !state.settings.demo {
        return Err(super::error::NOT_FOUND);
    }
    from_file(&state, "app/design.html").await
}

async fn from_file(state: &State, name: &str) -> Result<HttpResponse, ApiError> {
    let files = &state.page_files;
    let text =
        files.text(name).await?.replace(ROOT, &files.root()).replace(MAILS, mails::kept(state));
    Ok(answer(StatusCode::OK, text.replace(MODULES, &files.preloads())))
}

/// A page of people, who have asked for it where programs get something else.
pub(super) fn answer(status: StatusCode, text: String) -> HttpResponse {
    // Those of the chat are sent by its script.
    let forms = if text.contains("<form") { "'self'" } else { "'none'" };
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, format!("{POLICY}; form-action {forms}")))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((VARY, "Accept, Accept-Language"))
        .body(text)
}

/// A text as it stands in HTML, also in the value of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn browsers_ask_for_html_and_programs_do_not() {
        let asks = |accept: &str| {
            is_for_people(&TestRequest::default().insert_header((ACCEPT, accept)).to_http_request())
        };
        assert!(asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(asks("application/json, Text/HTML;q=0.1"));
        assert!(!asks("*/*") && !asks("application/json") && !asks("text/htmlx, text/*"));
        assert!(!is_for_people(&TestRequest::default().to_http_request()));
    }

    #[test]
    fn sockets_go_to_the_host_of_the_page_and_nowhere_else() {
        let policy = |host: &str| {
            let request = TestRequest::default().insert_header((HOST, host)).to_http_request();
            policy_with_sockets(&request).map(|policy| policy.to_str().expect("text").to_owned())
        };
        for host in ["chat.example", "127.0.0.1:8080", "[::1]:8080"] {
            let policy = policy(host).expect("a policy");
            assert!(
                policy.contains(&format!("connect-src 'self' ws://{host} wss://{host};")),
                "{policy}"
            );
        }
        for host in ["", "a b", "a;b", "*", "a/b", "a'b", "a,b"] {
            assert_eq!(policy(host), None, "{host}");
        }
    }

    #[test]
    fn no_text_leaves_its_place_in_html() {
        assert_eq!(
            escaped("<a href=\"x\" b='&'>é"),
            "&lt;a href=&quot;x&quot; b=&#39;&amp;&#39;&gt;é"
        );
    }
}
