//! Where peers come in: listeners, TCP options, and HTTP/1 told from HTTP/2.
//!
//! A listener has an address, options and routes of its own; all of them share the threads that serve
//! connections. What is asked on a connection is the HTTP side's affair, and a socket that was upgraded
//! is that of `ws`. Only `server` puts listeners together; nobody else knows of them.

mod connection;
mod listener;
mod tcp;

pub use connection::HttpConnection;
pub use listener::{Http2, HttpListener, Listeners, PlainTcp, Protocols, Settings, Sockets};
