//! `/reset/<key>`: the page behind the link to a new password.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::LinkedPage;
use crate::http::State;
use crate::http::body::Fields;
use crate::http::error::ApiError;
use crate::http::v1::problem::{Code, Problem};
use crate::service::accounts::Errand;

/// Asks for the new password. Whether the key works is seen when it is used.
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = LinkedPage::new(&request, &state);
    let inside = format!("<h1>{}</h1>{}", page.words.reset, form(&page));
    page.answer(StatusCode::OK, page.words.reset, &inside)
}

/// Sets it, and says how that went.
///
/// # Errors
/// What the form's fields cannot be read by.
pub async fn submit(
    request: HttpRequest,
    key: Path<String>,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let page = LinkedPage::new(&request, &state);
    if let Err(over) = state.service.accounts.admit(Errand::Reset, state.address(&request)) {
        return Ok(refused(&page, &over.into()));
    }
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let password = fields.password().unwrap_or_default().to_owned();
    Ok(match state.service.accounts.reset(&key, password).await {
        Ok(()) => page.done(page.words.reset, page.words.reset_done),
        Err(refusal) => refused(&page, &refusal.into()),
    })
}

fn refused(page: &LinkedPage<'_>, problem: &Problem) -> HttpResponse {
    let again = if problem.code() == Code::NoSuchKey {
        format!("<a class=\"button\" href=\"/#/forgot\">{}</a>", page.words.ask_again)
    } else {
        form(page)
    };
    page.refused(page.words.reset, problem, &again)
}

/// The form goes to where the page is, whose address has the key.
fn form(page: &LinkedPage<'_>) -> String {
    let words = page.words;
    format!(
        "<form method=\"post\"><div class=\"field\"><label for=\"password\">{}</label>\
         <input id=\"password\" class=\"input\" name=\"password\" type=\"password\" autocomplete=\"new-password\" \
         aria-describedby=\"hint\" required autofocus><p class=\"hint\" id=\"hint\">{}</p></div>\
         <button class=\"button\" data-kind=\"primary\">{}</button></form>",
        words.reset_label, words.reset_hint, words.reset_button
    )
}
