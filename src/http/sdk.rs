//! `/sdk.js`: the JavaScript SDK of this release, for pages of any origin. It is in the binary, a
//! file a module, so that no page needs a build step to use it.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::only;

/// The media type of scripts.
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";
const TYPES: &str = "application/typescript; charset=utf-8";
/// Where types are found by whoever understands this header (Deno, some editors).
const TYPES_HEADER: HeaderName = HeaderName::from_static("x-typescript-types");
/// Each release has its own SDK: it is asked for again soon.
const CACHED: &str = "public, max-age=300";

macro_rules! module {
    ($name:literal) => {
        (concat!("/sdk/", $name), SCRIPT, include_str!(concat!("../../web/sdk/", $name)))
    };
}

/// The entrance, whose modules and types are in the folder beside it.
const ENTRANCE: &str = "export * from \"./sdk/tradewind.js\";\n";
const DECLARATIONS: &str = include_str!("../../web/sdk/tradewind.d.ts");

/// Path, media type and text of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("/sdk.js", SCRIPT, ENTRANCE),
    ("/sdk.d.ts", TYPES, DECLARATIONS),
    ("/sdk/tradewind.d.ts", TYPES, DECLARATIONS),
    module!("tradewind.js"),
    module!("account.js"),
    module!("client.js"),
    module!("errors.js"),
    module!("events.js"),
    module!("friends.js"),
    module!("groups.js"),
    module!("link.js"),
    module!("links.js"),
    module!("marks.js"),
    module!("messages.js"),
    module!("options.js"),
    module!("outbox.js"),
    module!("parts.js"),
    module!("presence.js"),
    module!("probe.js"),
    module!("requests.js"),
    module!("room.js"),
    module!("rooms.js"),
    module!("sender.js"),
    module!("sync.js"),
    module!("timeline.js"),
    module!("typing.js"),
    module!("values.js"),
    module!("waiters.js"),
];

/// Mounts them.
pub fn routes(app: &mut ServiceConfig) {
    for &(path, kind, text) in FILES {
        app.service(only(path, "GET, HEAD", web::to(move || async move { file(kind, text) })));
    }
}

fn file(kind: &'static str, text: &'static str) -> HttpResponse {
    let mut answer = public(kind);
    if kind == SCRIPT {
        answer.insert_header((TYPES_HEADER, "/sdk.d.ts"));
    }
    answer.body(text)
}

/// The answer with a file of this release that pages of any origin may use.
pub(super) fn public(kind: &'static str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, CACHED))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    answer
}
