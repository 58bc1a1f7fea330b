//! What the page is made of, and what an operator puts in its place.

use std::fs;

use super::{POLICY, doors, logged_in, start, start_with};
use crate::harness::http::send;

#[actix_web::test]
async fn the_pages_parts_need_no_log_in() {
    let server = start().await;
    for (address, _) in doors(&server) {
        for (path, kind) in [
            ("/static/assets/rational.js", "text/javascript; charset=utf-8"),
            ("/static/assets/device-list.js", "text/javascript; charset=utf-8"),
            ("/static/assets/console.css", "text/css; charset=utf-8"),
        ] {
            let answer = send(address, ("GET", path), &[], "").await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(answer.text.len() > 1_000, "{path}");
        }
        for path in [
            "/static/assets/",
            "/static/assets/lib/jquery-3.2.1.min.js",
            "/static/assets/../../Cargo.toml",
            "/static/assets/%2e%2e/%2e%2e/Cargo.toml",
            "/static/assets/..%2f..%2fCargo.toml",
            "/static/assets//etc/passwd",
        ] {
            assert_eq!(send(address, ("GET", path), &[], "").await.status, 404, "{path}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn an_operators_files_take_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let assets = folder.path().join("assets");
    fs::create_dir_all(assets.join("lib")).expect("a folder");
    fs::write(folder.path().join("secret.js"), "secret").expect("a file");
    fs::write(assets.join("rational.js"), "theirs").expect("a file");
    fs::write(assets.join("lib/jquery-3.2.1.min.js"), "jquery").expect("a file");
    fs::write(assets.join(".hidden.js"), "hidden").expect("a file");
    let most = 1_048_576;
    fs::write(assets.join("most.bin"), vec![b'x'; most]).expect("a file");
    fs::write(assets.join("more.bin"), vec![b'x'; most + 1]).expect("a file");
    let server = start_with(|config| {
        config.app_server.assets_dir = assets.display().to_string();
        config.app_server.original_script = true;
    })
    .await;
    let app = server.app("shop").await;
    let cookie = logged_in(&server, &app).await;
    for (address, home) in doors(&server) {
        let get = async |path: &str| {
            let answer = send(address, ("GET", &format!("/static/assets/{path}")), &[], "").await;
            (answer.status, answer.text)
        };
        assert_eq!(get("rational.js").await, (200, "theirs".to_owned()));
        assert_eq!(get("lib/jquery-3.2.1.min.js").await, (200, "jquery".to_owned()));
        assert_eq!(get("console.css").await.0, 200, "ours, where there is no other");
        assert_eq!(get("most.bin").await.0, 200);
        assert_eq!(get("more.bin").await.0, 500);
        for path in ["lib", ".hidden.js", "../secret.js", "..%2fsecret.js", "lib/../../secret.js"] {
            assert_eq!(get(path).await.0, 404, "{path}");
        }
        let page = send(address, ("GET", home), &[("cookie", &cookie)], "").await;
        let policy = POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'");
        assert_eq!(page.header("content-security-policy"), Some(policy.as_str()));
        let places = ["jquery-3.2.1.min.js", "reconnecting-websocket.min.js", "rational.js"];
        let places = places.map(|name| page.text.find(name).expect(name));
        assert!(places.is_sorted(), "{places:?}");
    }
    server.stop().await;
}
