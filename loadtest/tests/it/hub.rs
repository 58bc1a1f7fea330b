//! A small hub of REWIND that can be told to misbehave.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tradewind_loadtest::wire::Opcode;
use tradewind_loadtest::wire::decode::first;
use tradewind_loadtest::wire::encode::mask;

/// What it does wrong, with every 50th message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Acknowledges and does not deliver.
    Loses,
    /// Delivers twice.
    Doubles,
    /// Delivers after the next one.
    Swaps,
    /// Refuses with 4009, and delivers all the same.
    RefusesInVain,
    /// Refuses with 4009.
    Refuses,
    /// Ends the reader's session.
    CutsOff,
    /// Delivers it with another last sign.
    Changes,
    /// Acknowledges, or echoes, twice.
    AnswersTwice,
    /// Acknowledges, or echoes, after the next one.
    AnswersLate,
    /// Neither acknowledges nor refuses, nor echoes.
    AnswersNot,
}

#[derive(Default)]
struct State {
    sessions: HashMap<u64, Vec<TcpStream>>,
    held: HashMap<u64, String>,
    late: HashMap<u64, String>,
    sent: u64,
}

/// Starts the hub; tokens are the users' ids.
pub fn start(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (socket, state) = (socket.unwrap(), Arc::clone(&state));
            std::thread::spawn(move || serve(socket, &state, fault));
        }
    });
    address
}

/// Says a text.
pub fn text(socket: &mut TcpStream, text: &str) {
    let length = u16::try_from(text.len()).unwrap();
    let mut frame = vec![0x81];
    match u8::try_from(length) {
        Ok(short) if short < 126 => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    drop(socket.write_all(&frame));
}

/// The text of the next frame of a client.
pub fn next(socket: &mut TcpStream) -> Option<String> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).ok()?;
    let mut bare = vec![head[0], head[1] & 0x7f];
    if bare[1] == 126 {
        bare.extend_from_slice(&[0; 2]);
        socket.read_exact(&mut bare[2..]).ok()?;
    }
    let length = match bare[..] {
        [_, _, a, b] => usize::from(u16::from_be_bytes([a, b])),
        _ => usize::from(bare[1]),
    };
    let (mut key, mut payload) = ([0; 4], vec![0; length]);
    socket.read_exact(&mut key).ok()?;
    socket.read_exact(&mut payload).ok()?;
    mask(&mut payload, u32::from_be_bytes(key));
    bare.extend_from_slice(&payload);
    let (frame, _) = first(&bare).unwrap().unwrap();
    (frame.opcode == Opcode::Text).then(|| String::from_utf8(payload).unwrap())
}

/// Accepts the upgrade, and says what was asked for.
pub fn upgrade(socket: &mut TcpStream) -> Option<String> {
    let head = head(socket)?;
    accept(socket)?;
    Some(head)
}

/// The head of a request.
pub fn head(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Accepts the upgrade.
pub fn accept(socket: &mut TcpStream) -> Option<()> {
    let accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    socket.write_all(accept.as_bytes()).ok()
}

fn serve(mut socket: TcpStream, state: &Mutex<State>, fault: Fault) -> Option<()> {
    upgrade(&mut socket)?;
    let mut user = 0;
    while let Some(said) = next(&mut socket) {
        let frame: serde_json::Value = serde_json::from_str(&said).unwrap();
        let payload = &frame["payload"];
        let word = |name: &str| payload[name].as_str().unwrap_or_default();
        match frame["type"].as_str().unwrap() {
            "heartbeat" => {
                let mut state = state.lock().unwrap();
                state.sent += 1;
                let fault = if state.sent.is_multiple_of(50) { fault } else { Fault::None };
                answer(&mut state, user, &mut socket, said, fault);
            }
            "auth" => {
                user = word("auth").parse().unwrap();
                let own = socket.try_clone().unwrap();
                state.lock().unwrap().sessions.entry(user).or_default().push(own);
                text(&mut socket, r#"{"type":"auth","payload":{}}"#);
            }
            "chat" => {
                let peer = user ^ word("chat_id").parse::<u64>().unwrap();
                let mut state = state.lock().unwrap();
                chat(&mut state, &mut socket, (user, peer), word("content"), fault);
            }
            other => panic!("{other}"),
        }
    }
    Some(())
}

/// Answers a user's request.
fn answer(state: &mut State, user: u64, socket: &mut TcpStream, frame: String, fault: Fault) {
    match fault {
        Fault::AnswersNot => {}
        Fault::AnswersLate => drop(state.late.insert(user, frame)),
        fault => {
            text(socket, &frame);
            if fault == Fault::AnswersTwice {
                text(socket, &frame);
            }
            if let Some(late) = state.late.remove(&user) {
                text(socket, &late);
            }
        }
    }
}

fn chat(
    state: &mut State,
    socket: &mut TcpStream,
    (user, peer): (u64, u64),
    content: &str,
    fault: Fault,
) {
    state.sent += 1;
    let id = state.sent;
    let fault = if id.is_multiple_of(50) { fault } else { Fault::None };
    let room = user ^ peer;
    let frame = format!(
        "{{\"type\": \"chat\", \"payload\": {{\"type\": \"send\", \"id\": \"{id}\", \"user_id\": \
         \"{user}\", \"chat_id\": \"{room}\", \"content\": \"{content}\", \"created_at\": \"x\"}}}}"
    );
    if matches!(fault, Fault::Refuses | Fault::RefusesInVain) {
        text(socket, r#"{"type":"error","payload":{"code":4009,"reason":"busy, try again"}}"#);
    } else {
        answer(state, user, socket, frame.clone(), fault);
    }
    let mut to = |user: u64, frame: &str| {
        let sockets = state.sessions.get_mut(&user).into_iter().flatten();
        sockets.for_each(|socket| text(socket, frame));
    };
    match fault {
        Fault::Loses | Fault::Refuses => {}
        Fault::Swaps => drop(state.held.insert(peer, frame)),
        Fault::CutsOff => {
            for socket in state.sessions.remove(&peer).into_iter().flatten() {
                drop(socket.shutdown(std::net::Shutdown::Both));
            }
        }
        Fault::Changes => to(peer, &frame.replace(".\", \"created", "!\", \"created")),
        Fault::Doubles => {
            to(peer, &frame);
            to(peer, &frame);
        }
        Fault::None
        | Fault::RefusesInVain
        | Fault::AnswersTwice
        | Fault::AnswersLate
        | Fault::AnswersNot => {
            to(peer, &frame);
            if let Some(held) = state.held.remove(&peer) {
                to(peer, &held);
            }
        }
    }
}
