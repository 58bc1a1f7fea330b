//! The OpenAPI document, generated from the handlers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use utoipa::OpenApi;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, ResponseBuilder};

use super::{
    auth, blocks, examples, export, friends, groups, me, members, messages, offers, password,
    presence, problem, reset, rooms, sessions, users,
};
use crate::http::error::Envelope;
use crate::http::rewind::auth as accounts;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tradewind",
        description = "The HTTP door of the hub. Ids are strings of digits, times are RFC 3339 in \
            UTC. Every error is `application/problem+json` (RFC 9457) with a stable `code`; only \
            registering, verifying and logging in answer in the envelope of REWIND. Bodies are \
            JSON objects of at most `http.body_bytes_max` bytes (128 KiB more where they hold a message), members that are not known are \
            refused; parameters of a query that are not known are passed over.",
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/api/v1")),
    paths(
        accounts::register,
        accounts::verify,
        accounts::login,
        me::show,
        me::change,
        export::export,
        password::delete,
        password::change,
        friends::list,
        friends::requests,
        friends::ask,
        friends::discard,
        friends::withdraw,
        friends::accept,
        friends::end,
        presence::show,
        users::list,
        users::show,
        blocks::list,
        blocks::show,
        blocks::make,
        blocks::lift,
        rooms::list,
        rooms::read,
        rooms::readers,
        messages::list,
        messages::send,
        messages::edit,
        messages::delete,
        groups::make,
        groups::show,
        groups::rename,
        groups::delete,
        groups::leave,
        groups::members,
        members::add,
        members::kick,
        members::set_role,
        members::ban,
        members::unban,
        members::transfer,
        offers::list,
        offers::accept,
        offers::decline,
        auth::refresh,
        auth::logout,
        reset::ask,
        reset::redeem,
        sessions::list,
        sessions::end,
    ),
    components(schemas(problem::ProblemJson<'_>, Envelope<'_>)),
    security(("token" = [])),
)]
struct Document;

/// The tag of what is served in the envelope of REWIND.
const ACCOUNTS: &str = "Accounts";

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(complete);
    }
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let scheme = scheme.description(Some("The token of a log-in.")).build();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let served = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    served.into_iter().flatten()
}

/// What may happen to requests with a body: the status, the code of the problem, and what REWIND says.
const BODY: [(&str, &str, &str); 3] = [
    ("400", "body_invalid", "A field is missing or not valid, or the body is malformed"),
    ("413", "body_too_large", "The body is too large"),
    ("415", "not_json", "The body is encoded"),
];
/// The same of every request.
const ALWAYS: [(&str, &str, &str); 3] = [
    ("429", "too_many_requests", "Too many requests"),
    ("500", "internal", "A fault of the server's"),
    ("503", "busy", "The server is busy, try again later"),
];

/// Adds what may happen to every request, says what errors look like, and shows an example.
fn complete(operation: &mut Operation) {
    let of_accounts = operation.tags.iter().flatten().any(|tag| tag == ACCOUNTS);
    let needs_token = operation.security.is_none();
    let mut may = ALWAYS.to_vec();
    may.extend(needs_token.then_some(("401", "token_invalid", "")));
    may.extend(operation.request_body.iter().flat_map(|_| BODY));
    let responses = &mut operation.responses.responses;
    for (status, code, said) in may {
        let description = if of_accounts { said } else { code };
        let response = || RefOr::T(ResponseBuilder::new().description(description).build());
        responses.entry(status.to_owned()).or_insert_with(response);
    }
    let (schema, content_type) = match of_accounts {
        true => ("Envelope", "application/json"),
        false => ("Problem", problem::CONTENT_TYPE),
    };
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            let told = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
            response.content.insert(content_type.to_owned(), RefOr::T(told));
        }
    }
    examples::show(operation);
}

/// `GET /openapi.json`.
pub async fn serve() -> HttpResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| serde_json::json!(document()).to_string());
    HttpResponse::Ok().content_type(ContentType::json()).body(TEXT.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::v1::table;

    #[test]
    fn what_is_served_is_documented_and_nothing_else() {
        let mut document = document();
        let mut documented = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            for (name, there) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                if there.is_some() {
                    documented.insert((name.to_owned(), path.clone()));
                }
            }
        }
        let mut served: BTreeSet<_> = table().operations().into_iter().collect();
        let accounts = [
            ("POST", "/auth/register"),
            ("POST", "/auth/login"),
            ("GET", "/auth/email_verify/{key}"),
        ];
        served.extend(accounts.map(|(method, path)| (method.to_owned(), path.to_owned())));
        assert_eq!(served, documented);
    }
}
