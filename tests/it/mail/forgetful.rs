//! A mail server that takes mails and hangs up before it says so: the sender must try again.

use std::sync::mpsc::{Receiver, channel};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::soon;

/// The mails it got, each whole.
pub struct Forgetful {
    pub url: String,
    pub mails: Receiver<String>,
}

/// Starts one that hangs up after the first `hang_ups` mails. It ends with the test's runtime.
pub async fn start(hang_ups: usize) -> Forgetful {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let (sender, mails) = channel();
    actix_web::rt::spawn(async move {
        for turn in 0.. {
            let (peer, _) = listener.accept().await.expect("a peer");
            drop(sender.send(soon("the exchange", exchange(peer, turn < hang_ups)).await));
        }
    });
    Forgetful { url, mails }
}

/// One mail (RFC 5321, section 4.1.1); returns its text.
async fn exchange(peer: TcpStream, hang_up: bool) -> String {
    let mut peer = BufReader::new(peer);
    let mut mail = String::new();
    say(&mut peer, "220 forgetful").await;
    loop {
        let mut line = String::new();
        if peer.read_line(&mut line).await.expect("a line") == 0 {
            return mail;
        }
        match line.get(..4).unwrap_or_default() {
            "QUIT" => say(&mut peer, "221 bye").await,
            "DATA" => {
                say(&mut peer, "354 go on").await;
                while !mail.ends_with("\r\n.\r\n") {
                    assert_ne!(peer.read_line(&mut mail).await.expect("a line"), 0, "half a mail");
                }
                if hang_up {
                    return mail;
                }
                say(&mut peer, "250 taken").await;
            }
            _ => say(&mut peer, "250 fine").await,
        }
    }
}

async fn say(peer: &mut BufReader<TcpStream>, line: &str) {
    peer.write_all(format!("{line}\r\n").as_bytes()).await.expect("said");
}
