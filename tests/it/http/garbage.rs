//! Nothing that a stranger sends is a fault of ours.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::process::Process;
use crate::harness::{Server, http, soon};

const ROUNDS: u32 = 300;

/// Repeatable chance (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % bound
    }

    fn one_of<'a>(&mut self, choices: &[&'a [u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        (0..self.below(max + 1)).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

const METHODS: &[&[u8]] =
    &[b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"BREW"];

const PATHS: &[&[u8]] = &[
    b"/",
    b"/login",
    b"/register",
    b"/logout",
    b"/ws",
    b"/ws?compat=",
    b"/healthz",
    b"/readyz",
    b"/metrics",
    b"/api/v1/auth/login",
    b"/api/v1/auth/register",
    b"/api/v1/auth/email_verify/",
    b"/api/v1/auth/",
    b"*",
];

const KINDS: &[&[u8]] = &[
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"application/x-www-form-urlencoded; charset=utf-8",
    b"application/json; charset=\xff",
    b"multipart/form-data; boundary=x",
    b"text/plain",
    b"",
    b"\xff\xfe",
    b"application/",
];

const BODIES: &[&[u8]] = &[
    b"",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"\"\"",
    b"{\"email\":1,\"password\":[]}",
    b"{\"email\":\"a\",\"email\":\"b\"}",
    b"{\"name\":null,\"email\":{},\"password\":\"\\ud800\"}",
    b"email=%&password=%zz",
    b"email=a&email=b&password=c",
    b"email=%ff%fe&password=%00",
    b"=&=&=",
    b"&&&&",
    b"--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na\r\n--x--\r\n",
];

/// A request with something wrong in it, more often than not.
fn request(chance: &mut Chance) -> Vec<u8> {
    let method = chance.one_of(METHODS);
    let mut path = chance.one_of(PATHS).to_vec();
    if chance.below(2) == 0 {
        for byte in chance.bytes(40) {
            path.extend(format!("%{byte:02x}").bytes());
        }
    }
    if chance.below(8) == 0 {
        path.extend(chance.bytes(20));
    }
    let body = match chance.below(3) {
        0 => chance.bytes(300),
        1 => [chance.one_of(BODIES), &chance.bytes(10)].concat(),
        _ => chance.one_of(BODIES).to_vec(),
    };
    let length = match chance.below(10) {
        0 => body.len() + 1,
        1 => body.len().saturating_sub(1),
        _ => body.len(),
    };
    let extra: &[u8] = match chance.below(8) {
        0 => b"Origin: \xff\r\n",
        1 => b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
        2 => b"X-Forwarded-For: ,,,\r\nForwarded: for=\"\r\n",
        3 => b"Content-Encoding: gzip\r\n",
        4 => b"Expect: 100-continue\r\n",
        5 => b"Transfer-Encoding: chunked\r\n",
        _ => b"",
    };
    [
        method,
        b" ",
        &path,
        b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ",
        chance.one_of(KINDS),
        format!("\r\nContent-Length: {length}\r\n").as_bytes(),
        extra,
        b"\r\n",
        &body,
    ]
    .concat()
}

/// Sends bytes and reads until the server hangs up.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may refuse, and hang up, before it has read all.
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut answer = Vec::new();
    drop(soon("the end of the connection", stream.read_to_end(&mut answer)).await);
    answer
}

#[actix_web::test]
async fn garbage_gets_an_answer_that_blames_the_sender() {
    const SEED: u64 = 0x7261_6e64_6f6d_3432;
    let server = Server::start().await;
    let mut chance = Chance(SEED);
    let mut answered = 0;
    for round in 0..ROUNDS {
        let request = request(&mut chance);
        let answer = exchange(server.address, &request).await;
        let shown = String::from_utf8_lossy(&request);
        if answer.is_empty() {
            continue;
        }
        let status = answer.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| str::from_utf8(digits).ok()?.parse::<u16>().ok());
        let status = status.unwrap_or_else(|| panic!("round {round}: no answer to {shown}"));
        assert!(status < 500, "round {round}: {status} for {shown}");
        answered += 1;
    }
    assert!(answered > ROUNDS / 2, "only {answered} were answered");
    assert_eq!(server.get("/readyz").await.status, 200);
    server.stop().await;
}

#[actix_web::test]
async fn what_is_no_http_harms_nobody() {
    let server = Server::start().await;
    let mut chance = Chance(99);
    for round in 0..200 {
        let mut bytes = chance.bytes(400);
        if round % 4 == 0 {
            bytes.extend(b"\r\n\r\n");
        }
        let answer = exchange(server.address, &bytes).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
    for start in [
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(200_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(1_000)),
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
    ] {
        let answer = exchange(server.address, start.as_bytes()).await;
        let blamed = answer.is_empty() || answer.starts_with(b"HTTP/1.1 4");
        assert!(blamed, "{} for {}", String::from_utf8_lossy(&answer), &start[..18]);
    }
    assert_eq!(server.get("/readyz").await.status, 200);
    server.stop().await;
}

#[actix_web::test]
async fn garbage_neither_panics_nor_is_logged_as_our_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &[]);
    let mut chance = Chance(7);
    for _ in 0..ROUNDS / 3 {
        exchange(server.address, &request(&mut chance)).await;
    }
    assert_eq!(http::send(server.address, ("GET", "/readyz"), &[], "").await.status, 200);
    let log = server.log();
    let faults: Vec<&str> =
        log.lines().filter(|line| line.contains("panicked") || line.contains(" ERROR ")).collect();
    assert_eq!(faults, [""; 0]);
}
