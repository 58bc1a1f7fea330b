//! `/docs`: a page for people that shows `/openapi.json`, and every code a problem may have; and
//! `/asyncapi.yaml`, which describes the sockets. All of it is in the binary.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{self, ServiceConfig};

use super::problem::Code;
use crate::http::only;

const PAGE: &str = include_str!("../../../web/docs/index.html");
const SCRIPT: &str = include_str!("../../../web/docs/page.js");
const STYLE: &str = include_str!("../../../web/docs/page.css");
const ASYNCAPI: &str = include_str!("../../../docs/protocol/asyncapi.yaml");
/// The place of the codes in the page.
const PROBLEMS: &str = "<!-- problems -->";
/// Scripts and styles of this page alone: its own origin, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// Mounts them.
pub fn routes(app: &mut ServiceConfig) {
    let get = "GET, HEAD";
    app.service(only("/docs", get, web::to(page)))
        .service(only("/docs/page.js", get, web::to(script)))
        .service(only("/docs/page.css", get, web::to(style)))
        .service(only("/asyncapi.yaml", get, web::to(asyncapi)));
}

async fn page() -> HttpResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| PAGE.replace(PROBLEMS, &problems()));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(TEXT.as_str())
}

/// Each code with an anchor of its own, where problems point to.
fn problems() -> String {
    let mut html = String::new();
    for code in Code::ALL {
        let (text, status) = (code.text(), code.status().as_u16());
        let (title, about) = (code.title(), markup(code.about()));
        // Writing to a string does not fail.
        let written = writeln!(
            html,
            "<div class=\"problem\" id=\"{text}\"><a href=\"#{text}\"><code>{text}</code></a> {status}, \
             “{title}”<p>{about}</p></div>"
        );
        debug_assert!(written.is_ok());
    }
    html
}

/// A comment as HTML.
fn markup(text: &str) -> String {
    let safe = text.trim().replace('&', "&amp;").replace('<', "&lt;");
    let mut html = String::new();
    for (at, part) in safe.split('`').enumerate() {
        html += match at {
            0 => "",
            at if at % 2 == 1 => "<code>",
            _ => "</code>",
        };
        html += part;
    }
    html
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", STYLE)
}

async fn asyncapi() -> HttpResponse {
    asset("application/yaml", ASYNCAPI)
}

fn asset(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_place_for_the_codes() {
        assert_eq!(PAGE.matches(PROBLEMS).count(), 1);
        assert!(
            Code::ALL.iter().all(|code| problems().contains(&format!("id=\"{}\"", code.text())))
        );
        assert_eq!(markup(" a `b` <c>"), "a <code>b</code> &lt;c>");
    }
}
