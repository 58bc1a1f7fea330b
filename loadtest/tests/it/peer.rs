//! Small servers that speak no REWIND, and can be told to misbehave.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tradewind_loadtest::net::Protocol;

use crate::hub::{next, text, upgrade};

/// What is done wrong, with every 50th message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Loses,
    Doubles,
    Changes,
}

type All = Arc<Mutex<Vec<TcpStream>>>;

/// Starts a server that sends messages back, or those at `/all` to everybody there.
pub fn start(protocol: Protocol, fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let all = All::default();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (socket, all) = (socket.unwrap(), Arc::clone(&all));
            std::thread::spawn(move || match protocol {
                Protocol::Rewind | Protocol::Apps | Protocol::Pubsub | Protocol::Nats => {
                    panic!("that is the hub's")
                }
                Protocol::Websocket => websocket(socket, &all, fault),
                Protocol::SocketIo => socket_io(socket),
                Protocol::Tcp => tcp(socket, fault),
            });
        }
    });
    address
}

/// What comes back as the message of a number.
fn answers(message: String, number: usize, fault: Fault) -> Vec<String> {
    match fault {
        Fault::None => vec![message],
        _ if !number.is_multiple_of(50) => vec![message],
        Fault::Loses => vec![],
        Fault::Doubles => vec![message.clone(), message],
        Fault::Changes => vec![message + "!"],
    }
}

fn websocket(mut socket: TcpStream, all: &All, fault: Fault) -> Option<()> {
    let spreads = upgrade(&mut socket)?.starts_with("GET /all ");
    if spreads {
        all.lock().unwrap().push(socket.try_clone().unwrap());
    }
    for number in 1.. {
        for answer in answers(next(&mut socket)?, number, fault) {
            if spreads {
                all.lock().unwrap().iter_mut().for_each(|socket| text(socket, &answer));
            } else {
                text(&mut socket, &answer);
            }
        }
    }
    None
}

fn socket_io(mut socket: TcpStream) -> Option<()> {
    let asked = upgrade(&mut socket)?;
    assert!(asked.starts_with("GET /socket.io/?EIO=4&transport=websocket "), "{asked}");
    text(&mut socket, r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#);
    assert_eq!(next(&mut socket)?, "40");
    text(&mut socket, "2");
    text(&mut socket, r#"40{"sid":"b"}"#);
    assert_eq!(next(&mut socket)?, "3", "a ping is answered");
    next(&mut socket)?;
    None
}

fn tcp(socket: TcpStream, fault: Fault) -> Option<()> {
    let mut back = socket.try_clone().unwrap();
    back.set_nodelay(true).unwrap();
    for (number, line) in (1..).zip(BufReader::new(socket).lines()) {
        for answer in answers(line.ok()?, number, fault) {
            // In two parts, as a network may deliver them.
            let (one, two) = answer.split_at(answer.len() / 2);
            back.write_all(one.as_bytes()).ok()?;
            back.write_all(format!("{two}\n").as_bytes()).ok()?;
        }
    }
    None
}
