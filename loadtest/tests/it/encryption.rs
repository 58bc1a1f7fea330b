//! TLS in front of the real hub, and users whom nobody has seeded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::real::{self, Hub};
use crate::verdicts::{Ended, tester};

/// Something in front of a hub that encrypts; its authority is in a file.
struct Front {
    address: SocketAddr,
    authority: PathBuf,
    _folder: TempDir,
}

impl Front {
    /// Listens for a hub, with a certificate for a name.
    fn start(hub: &Hub, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = folder.path().join("ca.pem");
        std::fs::write(&authority, issuer.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let address = listen(TlsAcceptor::from(Arc::new(config)), hub.address.clone());
        Self { address, authority, _folder: folder }
    }
}

/// Hands all connections on, on a thread of its own.
fn listen(acceptor: TlsAcceptor, hub: String) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    let serve = async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tell.send(listener.local_addr().unwrap()).unwrap();
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (acceptor, hub) = (acceptor.clone(), hub.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(socket).await?;
                let mut server = TcpStream::connect(hub).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    };
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve)
    });
    told.recv().unwrap()
}

fn run(address: &str, accounts: Option<&Path>, args: &[&str]) -> Ended {
    let mut command = tester(address, args);
    if let Some(file) = accounts {
        command.arg("--accounts").arg(file);
    }
    Ended::of(&command.output().unwrap())
}

/// Makes users whose password is their name and `-password`.
fn add(hub: &Hub, names: &[&str]) {
    for name in names {
        let made = real::command(hub.folder.path())
            .args(["user", "add", "--name", name, "--email", &format!("{name}@a.example")])
            .args(["--password", &format!("{name}-password")])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

#[test]
fn an_encrypted_hub_is_loaded_like_any_other() {
    let hub = real::start("pairs", &[]);
    let front = Front::start(&hub, "localhost");
    let users = hub.file("users.json");
    let address = format!("https://localhost:{}", front.address.port());
    let ca = ["--ca", front.authority.to_str().unwrap()];
    for args in [
        &["pairs", "--pairs", "4", "--in-flight", "8", "--size", "20000"][..],
        &["pairs", "--pairs", "4", "--rate", "200"],
        &["fanout", "--connections", "10", "--in-flight", "4"],
        &["history", "--pairs", "1", "--messages", "200", "--page", "100"],
        &["storm", "--in-flight", "4"],
    ] {
        let ended = run(&address, Some(&users), &[args, &ca].concat());
        assert_eq!(ended.status, 0, "{args:?}: {}", ended.words);
        assert!(
            ended.report["rates"][0]["count"].as_u64().unwrap() > 5,
            "{args:?}: {}",
            ended.words
        );
        assert!(ended.report["hub"]["version"].is_string(), "{}", ended.words);
        assert_eq!(ended.report["address"], format!("wss://localhost:{}/ws", front.address.port()));
    }
}

#[test]
fn a_certificate_that_is_no_good_is_told_of() {
    let hub = real::start("pairs", &[]);
    let users = hub.file("users.json");
    let front = Front::start(&hub, "another.example");
    let address = format!("wss://localhost:{}", front.address.port());
    let ca = front.authority.to_str().unwrap();
    let plain = front.address.to_string();
    for (address, more, why) in [
        (&address, &[][..], "2 of 2 sessions not opened: TLS: the certificate is signed by nobody"),
        (&address, &["--ca", ca], "TLS: the certificate is for another name"),
        (&plain, &[], "the server speaks TLS: try wss://"),
        (&format!("wss://{}", hub.address), &[], "TLS: the server speaks no TLS on this port"),
    ] {
        let ended = run(address, Some(&users), &[&["pairs", "--pairs", "1"][..], more].concat());
        assert_eq!(ended.status, 2, "{}", ended.words);
        assert!(ended.words.contains(why), "{why}: {}", ended.words);
    }
}

#[test]
fn users_of_a_hub_are_logged_in_by_address_and_password_or_by_token() {
    let hub = real::start("pairs", &[]);
    add(&hub, &["ann", "ben"]);
    let file = |name: &str, text: &str| {
        std::fs::write(hub.file(name), text).unwrap();
        hub.file(name)
    };
    let lines = "# who is there\n\nann@a.example:ann-password\nben@a.example:ben-password\n";
    let lines = file("lines.txt", lines);
    let json = r#"[{"email":"ann@a.example","password":"ann-password"},{"email":"ben@a.example"}]"#;
    let json = file("some.json", json);
    let seeded: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(hub.file("users.json")).unwrap()).unwrap();
    let token = |place: usize| seeded[place]["token"].as_str().unwrap();
    let tokens = file("tokens.txt", &format!("{}\n{}\n", token(0), token(1)));
    let [ann, ben] = ["ann@a.example:ann-password", "ben@a.example:ben-password"];
    let pairs = ["pairs", "--pairs", "1"];
    for (accounts, more) in [
        (Some(&lines), &[][..]),
        (Some(&json), &["--password", "ben-password"]),
        (Some(&tokens), &[]),
        (None, &["--user", ann, "--user", ben]),
        (None, &["--user", ann, "--token", token(1)]),
    ] {
        let ended = run(&hub.address, accounts.map(PathBuf::as_path), &[&pairs[..], more].concat());
        assert_eq!(ended.status, 0, "{more:?}: {}", ended.words);
        for secret in ["ann-password", "ben-password", token(0), token(1)] {
            assert!(!ended.report.to_string().contains(secret), "{}", ended.report);
        }
    }
    let front = Front::start(&hub, "localhost");
    let address = format!("https://localhost:{}", front.address.port());
    let ca = ["--ca", front.authority.to_str().unwrap()];
    let ended = run(&address, Some(&lines), &[&pairs[..], &ca].concat());
    assert_eq!(ended.status, 0, "{}", ended.words);
}

#[test]
fn who_cannot_log_in_is_named() {
    let hub = real::start("pairs", &[]);
    add(&hub, &["ann"]);
    let ann = "ann@a.example:ann-password";
    for (more, why) in [
        (
            &["--user", ann, "--user", "ben@a.example:wrong"][..],
            "log-in of ben@a.example: HTTP 401",
        ),
        (&["--user", ann, "--user", ann], "two accounts have the same id"),
        (&["--user", ann, "--token", "a.b.c"], "whose a token is: HTTP 401"),
        (&["--user", ann], "2 users are needed and 1 are in the command line"),
        (&[], "--accounts FILE is missing"),
    ] {
        let ended = run(&hub.address, None, &[&["pairs", "--pairs", "1"][..], more].concat());
        assert_eq!(ended.status, 2, "{}", ended.words);
        assert!(
            ended.words.contains(why) && !ended.words.contains("ann-password"),
            "{}",
            ended.words
        );
    }
}
