//! Who gets a socket: what is shown, by whom, at which door.

use tradewind::domain::apps::app::Level;

use super::{logged_in, own, start, start_with};
use crate::harness::Server;
use crate::harness::apps::{Operator, TestApp, refused_upgrade};

/// The sockets' places: address and path.
fn places(server: &Server) -> [(std::net::SocketAddr, &'static str); 3] {
    let own = own(server);
    [(server.address, "/console/ws"), (own, "/console/ws"), (own, "/")]
}

async fn tokens(server: &Server, app: &TestApp) -> [String; 3] {
    [
        server.token(app, Level::ThirdPartyConsole).await,
        server.token(app, Level::Ppcom).await,
        server.token(app, Level::Ppconsole).await,
    ]
}

#[actix_web::test]
async fn only_an_operators_token_opens_a_console() {
    let server = start().await;
    let app = server.app("shop").await;
    let [good, widget, other] = tokens(&server, &app).await;
    let alice = server.user("alice").await;
    let cookie = logged_in(&server, &app).await;
    for (address, path) in places(&server) {
        for header in [format!("Bearer {good}"), format!("OAuth {good}"), format!("bearer  {good}")]
        {
            let mut console = Operator::open(address, path, &[("authorization", &header)]).await;
            console.expect_nothing().await;
            console.close().await;
        }
        let mut console = Operator::open(address, path, &[("cookie", &cookie)]).await;
        console.expect_nothing().await;
        console.close().await;
        let bearer = |token: &str| format!("Bearer {token}");
        let query = format!("{path}?token={good}&access_token={good}");
        assert_eq!(refused_upgrade(address, &query, &[]).await, 401, "the query says nothing");
        for (header, value, status) in [
            ("X-Other", String::new(), 401),
            ("Authorization", bearer("unknown"), 401),
            ("Authorization", bearer(&alice.token), 401),
            ("Authorization", bearer(&good[1..]), 401),
            ("Authorization", format!("Basic {good}"), 401),
            ("Authorization", bearer(&widget), 403),
            ("Authorization", bearer(&other), 403),
            ("Cookie", "tw_console=unknown".to_owned(), 401),
            ("Cookie", format!("tw_console={widget}"), 403),
            ("Cookie", format!("other={good}"), 401),
        ] {
            let got = refused_upgrade(address, path, &[(header, &value)]).await;
            assert_eq!(got, status, "{path} {header}: {value}");
        }
        // Of two the header decides.
        for (header, status) in [(bearer(&widget), 403), (bearer("unknown"), 401)] {
            let headers = [("Authorization", header.as_str()), ("Cookie", cookie.as_str())];
            assert_eq!(refused_upgrade(address, path, &headers).await, status);
        }
        let headers = [("authorization", &*bearer(&good)), ("cookie", "tw_console=unknown")];
        Operator::open(address, path, &headers).await.close().await;
    }
    let at_root = refused_upgrade(server.address, "/", &[("Cookie", &cookie)]).await;
    assert_eq!(at_root, 404, "no console at the root of the main listener");
    server.stop().await;
}

#[actix_web::test]
async fn a_cookie_serves_the_hubs_own_pages_alone() {
    let server = start_with(|config| {
        config.http.public_url = "https://hub.example".to_owned();
        config.http.allowed_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let app = server.app("shop").await;
    let [good, ..] = tokens(&server, &app).await;
    let cookie = logged_in(&server, &app).await;
    for (address, path) in places(&server) {
        for own in ["https://hub.example", "https://HUB.example:443", &format!("https://{address}")]
        {
            let headers = [("cookie", cookie.as_str()), ("origin", own)];
            Operator::open(address, path, &headers).await.close().await;
        }
        let port = format!("https://127.0.0.1:{}", address.port() ^ 1);
        for foreign in
            ["https://app.example", "https://evil.example", "null", "http://hub.example", &port]
        {
            let headers = [("Cookie", cookie.as_str()), ("Origin", foreign)];
            assert_eq!(refused_upgrade(address, path, &headers).await, 403, "{foreign}");
            // A program may say what it likes.
            let bearer = format!("Bearer {good}");
            let headers = [("authorization", bearer.as_str()), ("origin", foreign)];
            Operator::open(address, path, &headers).await.close().await;
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn the_first_frame_may_be_long_at_once() {
    let server = start().await;
    let app = server.app("shop").await;
    for (address, path) in places(&server) {
        let token = server.token(&app, Level::ThirdPartyConsole).await;
        let headers = [("authorization", &*format!("Bearer {token}"))];
        let mut console = Operator::hurry(address, path, &headers).await;
        console.text(format!(r#"{{"more":"{}"}}"#, "x".repeat(1_000_000))).await;
        assert_eq!(console.line().await, crate::harness::apps::NO_ACTION);
        console.text(format!(r#"{{"more":"{}"}}"#, "x".repeat(1_048_576))).await;
        assert_eq!(console.closed().await, (1009, "message too big".to_owned()));
    }
    server.stop().await;
}
