//! The page behind the link that verifies an address. The link is REWIND's, and makes the account at once for whoever
//! does not ask for a page; a browser gets a button that does it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::LinkedPage;
use crate::http::State;
use crate::http::error::ApiError;
use crate::http::page::escaped;
use crate::http::v1::problem::{Code, Problem};

/// Asks for the press. Whether the key works is seen when it is used.
pub fn show(request: &HttpRequest, key: &str, state: &State) -> HttpResponse {
    let page = LinkedPage::new(request, state);
    let words = page.words;
    // Keys are letters, digits, `-` and `_`; anything else is none, and stays text.
    let inside = format!(
        "<h1>{}</h1><p class=\"soft\">{}</p><form method=\"post\" action=\"/verify/{}\">\
         <button class=\"button\" data-kind=\"primary\" autofocus>{}</button></form>",
        words.verify,
        words.verify_lead,
        escaped(key),
        words.verify_button
    );
    page.answer(StatusCode::OK, words.verify, &inside)
}

/// Makes the account, and says how that went.
///
/// # Errors
/// Faults of ours.
pub async fn submit(
    request: HttpRequest,
    key: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let page = LinkedPage::new(&request, &state);
    Ok(match state.service.accounts.verify(&key).await? {
        Some(_) => page.done(page.words.verify, page.words.verified),
        None => {
            let again =
                format!("<a class=\"button\" href=\"/#/register\">{}</a>", page.words.register);
            page.refused(page.words.verify, &Problem::new(Code::NoSuchKey), &again)
        }
    })
}
