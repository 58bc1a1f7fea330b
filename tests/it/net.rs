//! Listeners: several that share threads, each with routes and options of its own, and HTTP/2 told
//! from HTTP/1 on one port.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tradewind::auth::concurrency::PerAddress;
use tradewind::http::connection::ConnectionBounds;
use tradewind::net::{Http2, HttpListener, Listeners, Protocols, Settings, Sockets};
use tradewind::ws::handover;

use crate::harness::raw::upgrade_at;
use crate::harness::{DEADLINE, soon};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame of settings that sets nothing (RFC 9113, 6.5).
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A listener at a port of its own; HTTP/1, and sockets are given away.
fn listener() -> (HttpListener, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = address.local_addr().unwrap();
    let bounds = ConnectionBounds {
        head_timeout: DEADLINE,
        keep_alive: DEADLINE,
        unfinished: PerAddress::new(None),
        idle: PerAddress::new(None),
    };
    let (sockets, protocols, user_timeout) = (Sockets::Given, Protocols::Http1, DEADLINE);
    (HttpListener { address, sockets, protocols, bounds, user_timeout }, at)
}

fn listeners() -> Listeners {
    Listeners::new(&Settings { workers: 1, connections_max: 64, shutdown_seconds: 1 })
}

fn run(listeners: Listeners) -> ServerHandle {
    let server = listeners.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    handle
}

/// Says which path was asked, in HTTP/2.
fn http2() -> Http2 {
    Arc::new(|connection| {
        Box::pin(async move {
            let Ok(mut connection) = h2::server::handshake(connection).await else { return };
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(request.uri().path().to_owned().into(), true).unwrap();
            }
        })
    })
}

type Http2Client = h2::client::SendRequest<Bytes>;

async fn open_http2(at: SocketAddr) -> Result<Http2Client, h2::Error> {
    let stream = TcpStream::connect(at).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await?;
    actix_web::rt::spawn(connection);
    client.ready().await
}

async fn ask_http2(client: &mut Http2Client, path: &str) -> Result<Bytes, h2::Error> {
    let request = http::Request::get(format!("http://hub.example{path}")).body(()).unwrap();
    let (response, _) = client.send_request(request, true)?;
    response.await?.into_body().data().await.unwrap()
}

/// All that is said to somebody who says this and no more.
async fn answer(at: SocketAddr, said: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Sends bytes one by one.
async fn trickle(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_nodelay(true).unwrap();
    for byte in bytes {
        stream.write_u8(*byte).await.unwrap();
        tokio::task::yield_now().await;
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: hub.example\r\nConnection: close\r\n\r\n")
}

async fn thread_name() -> String {
    format!("thread {:?}", std::thread::current().id())
}

#[actix_web::test]
async fn each_listener_has_its_own_routes_and_they_share_threads() {
    let ((one, first), (other, second)) = (listener(), listener());
    let app = |path: &'static str| move || App::new().route(path, web::get().to(thread_name));
    let hub = listeners().listen(one, app("/main")).unwrap();
    let handle = run(hub.listen(other, app("/console")).unwrap());
    let mut threads = Vec::new();
    for (at, path, status) in [
        (first, "/main", "200 OK"),
        (first, "/console", "404 Not Found"),
        (second, "/console", "200 OK"),
        (second, "/main", "404 Not Found"),
    ] {
        let answer = soon("an answer", answer(at, &get(path))).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{at} {path}: {answer}");
        threads.extend(
            answer.lines().last().filter(|line| line.starts_with("thread")).map(str::to_owned),
        );
    }
    assert_eq!(threads.len(), 2);
    assert_eq!(threads[0], threads[1]);
    handle.stop(true).await;
}

#[actix_web::test]
async fn a_listener_gives_sockets_away_while_another_keeps_them() {
    let ((one, first), (mut other, second)) = (listener(), listener());
    other.sockets = Sockets::Kept;
    let socket = |request: HttpRequest| async move {
        handover::accept(&request, |mut stream, _| {
            actix_web::rt::spawn(async move { stream.write_all(b"bare").await });
        })
    };
    let app = move || App::new().route("/ws", web::get().to(socket));
    let handle = run(listeners().listen(one, app).unwrap().listen(other, app).unwrap());
    let handshake = upgrade_at("GET", "/ws", &[]);
    let given = soon("a socket", answer(first, &handshake)).await;
    assert!(given.starts_with("HTTP/1.1 101 ") && given.ends_with("\r\n\r\nbare"), "{given}");
    let kept = soon("an answer", answer(second, &handshake)).await;
    assert!(kept.starts_with("HTTP/1.1 426 "), "{kept}");
    handle.stop(true).await;
}

#[actix_web::test]
async fn http2_and_http1_are_told_apart_on_one_port() {
    let ((mut both, at), (one, old)) = (listener(), listener());
    both.protocols = Protocols::Http1AndHttp2(http2());
    let app = || App::new().default_service(web::to(|| async { "by HTTP/1" }));
    let handle = run(listeners().listen(both, app).unwrap().listen(one, app).unwrap());

    let mut client = soon("HTTP/2", open_http2(at)).await.unwrap();
    for path in ["/one", "/two"] {
        assert_eq!(soon("an answer", ask_http2(&mut client, path)).await.unwrap(), path);
    }
    // The preface may come in pieces, and so may requests that begin like it.
    let mut stream = TcpStream::connect(at).await.unwrap();
    trickle(&mut stream, &[PREFACE, &SETTINGS].concat()).await;
    let mut frame = [0; SETTINGS.len()];
    soon("a frame", stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!(frame[3], SETTINGS[3], "{frame:?}");
    for method in ["GET", "POST", "PUT", "PRI", "P"] {
        let mut stream = TcpStream::connect(at).await.unwrap();
        trickle(&mut stream, get("/").replacen("GET", method, 1).as_bytes()).await;
        let mut said = String::new();
        soon("an answer", stream.read_to_string(&mut said)).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("by HTTP/1"), "{said}");
    }
    // What is neither is no request, and nobody has HTTP/2 where it was not asked for.
    for (at, began) in
        [(at, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), (old, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    {
        let refused = soon("an answer", answer(at, began)).await;
        assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    }
    let unheard = async { ask_http2(&mut open_http2(old).await?, "/").await };
    assert!(soon("the end", unheard).await.is_err());
    drop(client);
    handle.stop(false).await;
}

#[actix_web::test]
async fn who_does_not_say_what_it_speaks_has_the_time_of_a_head() {
    let (mut both, at) = listener();
    both.protocols = Protocols::Http1AndHttp2(http2());
    both.bounds.head_timeout = Duration::from_secs(1);
    let handle = run(listeners().listen(both, App::new).unwrap());
    let mut client = soon("HTTP/2", open_http2(at)).await.unwrap();
    let begun = ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"].map(|said| answer(at, said));
    for late in soon("answers", join_all(begun)).await {
        assert!(late.starts_with("HTTP/1.1 408 "), "{late}");
    }
    // A connection of HTTP/2 lasts.
    assert_eq!(soon("an answer", ask_http2(&mut client, "/late")).await.unwrap(), "/late");
    drop(client);
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_connection_of_http2_counts_until_it_ends() {
    let (mut both, at) = listener();
    both.protocols = Protocols::Http1AndHttp2(http2());
    both.bounds.unfinished = PerAddress::new(Some(1));
    let handle = run(listeners().listen(both, App::new).unwrap());
    let mut client = soon("HTTP/2", open_http2(at)).await.unwrap();
    soon("an answer", ask_http2(&mut client, "/")).await.unwrap();
    let refused = soon("an answer", answer(at, &get("/"))).await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    drop(client);
    soon("room", async { while answer(at, &get("/")).await.starts_with("HTTP/1.1 429 ") {} }).await;
    handle.stop(false).await;
}
