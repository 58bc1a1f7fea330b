//! The chat widget that the hub serves.

use std::path::Path;

use crate::harness::Server;

/// The scripts in the repository, by the path where they are served.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/widget");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    files
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "js"))
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).expect("a text");
            let name = file.file_name().into_string().expect("a name");
            let is_entrance = name == "widget.js";
            (if is_entrance { "/widget.js".to_owned() } else { format!("/widget/{name}") }, text)
        })
        .collect()
}

#[actix_web::test]
async fn every_script_is_served_to_pages_of_any_origin() {
    let server = Server::start().await;
    let scripts = scripts();
    assert!(scripts.len() > 5 && scripts.iter().any(|(path, _)| path == "/widget.js"));
    for (path, text) in scripts {
        let answer = server.get(&path).await;
        for (name, value) in [
            ("content-type", "text/javascript; charset=utf-8"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "public, max-age=300"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        // Its types are nowhere: nobody imports it.
        assert_eq!(answer.header("x-typescript-types"), None, "{path}");
        assert_eq!((answer.status, answer.text), (200, text), "{path}");
    }
    for none in ["/widget/", "/widget/widget.js", "/widget/test/boot.test.js"] {
        assert_eq!(server.get(none).await.status, 404, "{none}");
    }
    server.stop().await;
}

/// What a page's policy would have to allow beyond what docs/widget.md says.
const NEVER: [&str; 8] = [
    "eval(",
    "new Function",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    ".style.",
    "createElement(\"style\")",
];

#[test]
fn no_script_needs_more_than_a_strict_policy_allows() {
    for (path, text) in scripts() {
        for never in NEVER {
            assert!(!text.contains(never), "{path}: {never}");
        }
    }
}
