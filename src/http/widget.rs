//! `/widget.js`: the chat widget of this release, for pages of any origin, which embed it with one line. It is in the
//! binary, a file a module, so that no page needs a build step to use it.

use actix_web::web::{self, ServiceConfig};

use super::only;
use super::sdk::{SCRIPT, public};

macro_rules! module {
    ($name:literal) => {
        (concat!("/widget/", $name), include_str!(concat!("../../web/widget/", $name)))
    };
}

/// Path and text of each file: the entrance, whose modules are in the folder beside it.
const FILES: &[(&str, &str)] = &[
    ("/widget.js", include_str!("../../web/widget/widget.js")),
    module!("agents.js"),
    module!("api.js"),
    module!("chat.js"),
    module!("dom.js"),
    module!("fault.js"),
    module!("link.js"),
    module!("log.js"),
    module!("messages.js"),
    module!("options.js"),
    module!("panel.js"),
    module!("pause.js"),
    module!("slot.js"),
    module!("start.js"),
    module!("storage.js"),
    module!("style.js"),
    module!("sync.js"),
    module!("texts.js"),
    module!("unread.js"),
    module!("uuid.js"),
    module!("view.js"),
    module!("visitor.js"),
];

/// Mounts them.
pub fn routes(app: &mut ServiceConfig) {
    for &(path, text) in FILES {
        let file = web::to(move || async move { public(SCRIPT).body(text) });
        app.service(only(path, "GET, HEAD", file));
    }
}
