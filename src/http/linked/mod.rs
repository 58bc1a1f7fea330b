//! What the links of mails end in, for people: pages with a button, so that a program that looks at a link does nothing
//! by it. They work without a script.

pub mod reset;
pub mod verify;
mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use self::words::LinkedWords;
use super::error::ApiError;
use super::page::{answer, escaped};
use super::v1::problem::{Code, Problem};
use super::{State, text};

const PAGE: &str = include_str!("page.html");

/// Mounts them. What verifies an address is at the address of the mail, which is REWIND's.
pub fn routes(app: &mut ServiceConfig) {
    app.service(
        web::resource("/reset/{key}")
            .route(web::get().to(reset::show))
            .route(web::post().to(reset::submit))
            .default_service(web::to(|| async {
                Err::<&str, _>(ApiError::Method { allow: "GET, POST" })
            }))
            .wrap(from_fn(text::path_is_text::<ApiError>)),
    );
    app.service(
        web::resource("/verify/{key}")
            .route(web::post().to(verify::submit))
            .default_service(web::to(|| async {
                Err::<&str, _>(ApiError::Method { allow: "POST" })
            }))
            .wrap(from_fn(text::path_is_text::<ApiError>)),
    );
}

/// One such page, in the reader's language.
struct LinkedPage<'a> {
    state: &'a State,
    words: &'static LinkedWords,
}

impl<'a> LinkedPage<'a> {
    fn new(request: &HttpRequest, state: &'a State) -> Self {
        let asked = request.headers().get(ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok());
        Self { state, words: words::of(asked.unwrap_or_default()) }
    }

    /// A page of a title and what is below it.
    fn answer(&self, status: StatusCode, title: &str, inside: &str) -> HttpResponse {
        let text = PAGE
            .replace("{root}", &self.state.page_files.root())
            .replace("{lang}", self.words.language)
            .replace("{title}", title)
            .replace("<!--inside-->", inside);
        answer(status, text)
    }

    /// It has worked, and one can go on to the log-in.
    fn done(&self, title: &str, said: &str) -> HttpResponse {
        let go_on = self.words.log_in;
        let inside = format!(
            "<h1>{title}</h1><p role=\"status\">{said}</p>\
             <a class=\"button\" data-kind=\"primary\" href=\"/#/login\">{go_on}</a>"
        );
        self.answer(StatusCode::OK, title, &inside)
    }

    /// It has not, and `again` is what can be tried.
    fn refused(&self, title: &str, problem: &Problem, again: &str) -> HttpResponse {
        let known = [
            (Code::NoSuchKey, self.words.no_such_key),
            (Code::PasswordInvalid, self.words.password_invalid),
            (Code::TooManyRequests, self.words.too_many),
        ];
        let said = known.iter().find(|(code, _)| *code == problem.code());
        let said = said.map_or(problem.title(), |(_, words)| *words);
        let inside = format!(
            "<h1>{title}</h1><p class=\"notice\" data-kind=\"bad\" role=\"alert\">{}</p>{again}",
            escaped(said)
        );
        self.answer(problem.status_code(), title, &inside)
    }
}
