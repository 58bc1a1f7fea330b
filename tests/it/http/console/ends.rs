//! Consoles end with what has let them in.

use std::sync::Arc;

use tradewind::domain::apps::app::Level;

use super::{doors, logged_in, own, start};
use crate::harness::apps::{Operator, TestApp};
use crate::harness::clock::TurnedClock;
use crate::harness::http::send;
use crate::harness::{Backend, Server};

async fn by_cookie(server: &Server, cookie: &str) -> Operator {
    server.console_with(&[("cookie", cookie)]).await
}

#[actix_web::test]
async fn who_logs_out_ends_that_log_in_and_its_sockets() {
    let server = start().await;
    let app = server.app("shop").await;
    for (address, home) in doors(&server) {
        let (cookie, other) = (logged_in(&server, &app).await, logged_in(&server, &app).await);
        let mut gone = [
            by_cookie(&server, &cookie).await,
            Operator::open(own(&server), "/", &[("cookie", &cookie)]).await,
            // What counts is the token, wherever it is shown.
            server
                .console_with(&[("authorization", &cookie.replace("tw_console=", "Bearer "))])
                .await,
        ];
        let mut stay = [by_cookie(&server, &other).await, server.console(&app).await];
        let log_out = async |headers: &[(&str, &str)]| {
            send(address, ("POST", "/console/logout"), headers, "").await
        };
        let foreign = log_out(&[("cookie", &cookie), ("origin", "https://evil.example")]).await;
        assert_eq!(foreign.status, 403);
        gone[0].expect_nothing().await;

        let own_origin = format!("http://{address}");
        let answer = log_out(&[("cookie", &cookie), ("origin", &own_origin)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/console/login")));
        let dropped = "tw_console=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict";
        assert_eq!(answer.header("set-cookie"), Some(dropped));
        for console in &mut gone {
            assert_eq!(console.closed().await, (4401, "token revoked".to_owned()));
        }
        for console in &mut stay {
            console.expect_nothing().await;
        }
        assert_eq!(send(address, ("GET", home), &[("cookie", &cookie)], "").await.status, 302);
        // Once more, without a log-in, and with what is none: no harm.
        let widget = format!("tw_console={}", server.token(&app, Level::Ppcom).await);
        for cookie in [cookie.as_str(), "tw_console=", "other=1", &widget] {
            assert_eq!(log_out(&[("cookie", cookie)]).await.status, 303, "{cookie}");
        }
        let widget = widget.trim_start_matches("tw_console=");
        assert!(server.running().service.apps.token(widget).await.expect("an answer").is_some());
        for console in stay {
            console.close().await;
        }
    }
    server.stop().await;
}

/// One console by a cookie and one by a token.
async fn two(server: &Server, app: &TestApp) -> [Operator; 2] {
    let cookie = logged_in(server, app).await;
    [by_cookie(server, &cookie).await, server.console(app).await]
}

#[actix_web::test]
async fn consoles_end_with_their_key_and_with_their_app() {
    let server = start().await;
    let (shop, other) = (server.app("shop").await, server.app("other").await);
    let mut stays = server.console(&other).await;
    let apps = &server.running().service.apps;
    let mut consoles = two(&server, &shop).await;
    apps.rotate_key("shop", Level::Ppcom, false).await.expect("rotated");
    apps.rotate_key("shop", Level::ThirdPartyConsole, true).await.expect("rotated");
    for console in &mut consoles {
        console.expect_nothing().await;
    }
    apps.rotate_key("shop", Level::ThirdPartyConsole, false).await.expect("rotated");
    for console in &mut consoles {
        assert_eq!(console.closed().await, (4401, "token revoked".to_owned()));
    }
    apps.remove("shop").await.expect("removed");
    let mut consoles = two(&server, &other).await;
    apps.remove("other").await.expect("removed");
    for console in consoles.iter_mut().chain([&mut stays]) {
        assert_eq!(console.closed().await, (4401, "token revoked".to_owned()));
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_cookie_ends_after_eight_hours_and_a_token_lives_on_by_use() {
    let clock = Arc::new(TurnedClock::start());
    let server = Server::with_clock(Backend::Sqlite, clock.clone(), |config| {
        // Sessions are looked at as often as they are pinged.
        config.app_server.ping_interval_ms = 100;
    })
    .await;
    let app = server.app("shop").await;
    let cookie = logged_in(&server, &app).await;
    let mut by_cookie = by_cookie(&server, &cookie).await;
    let mut by_token = server.console(&app).await;
    clock.turn(8 * 3_600 - 60);
    by_cookie.expect_nothing().await;
    clock.turn(61);
    assert_eq!(by_cookie.closed().await, (4401, "token expired".to_owned()));
    let page = send(server.address, ("GET", "/console"), &[("cookie", &cookie)], "").await;
    assert_eq!(page.status, 302);
    for _ in 0..4 {
        clock.turn(12 * 3_600);
        // One may have been on its way already.
        by_token.pinged().await;
        by_token.pinged().await;
        by_token.expect_nothing().await;
    }
    by_token.close().await;
    server.stop().await;
}
