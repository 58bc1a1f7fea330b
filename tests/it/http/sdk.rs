//! The SDK that the hub serves.

use std::path::Path;

use crate::harness::Server;

/// The modules in the repository, by name.
fn modules() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/sdk");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    files
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "js"))
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).expect("a text");
            (file.file_name().into_string().expect("a name"), text)
        })
        .collect()
}

#[actix_web::test]
async fn every_module_is_served_to_pages_of_any_origin() {
    let server = Server::start().await;
    let entrance = server.get("/sdk.js").await;
    assert_eq!(entrance.text, "export * from \"./sdk/tradewind.js\";\n");
    let modules = modules();
    assert!(modules.len() > 5, "{}", modules.len());
    for (name, text) in modules {
        let answer = server.get(&format!("/sdk/{name}")).await;
        assert_eq!((answer.status, answer.text), (200, text), "{name}");
    }
    for path in ["/sdk.js", "/sdk/client.js", "/sdk.d.ts", "/sdk/tradewind.d.ts"] {
        let answer = server.get(path).await;
        let kind = if path.ends_with(".ts") { "application/typescript" } else { "text/javascript" };
        let kind = format!("{kind}; charset=utf-8");
        assert_eq!(answer.header("content-type"), Some(kind.as_str()), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    assert_eq!(entrance.header("x-typescript-types"), Some("/sdk.d.ts"));
    assert_eq!(server.get("/sdk/test/hub.js").await.status, 404);
    server.stop().await;
}
