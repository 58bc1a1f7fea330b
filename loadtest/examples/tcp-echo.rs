//! The yardstick of an echo: a TCP server on one thread that sends back whatever comes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is read at once.
const BUFFER: usize = 4 << 10;

async fn echo(mut socket: TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = socket.read(&mut buffer).await?;
        let read = buffer.get(..count).filter(|read| !read.is_empty());
        let Some(read) = read else { return Ok(()) };
        socket.write_all(read).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listens on {}", listener.local_addr()?.port());
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(echo(socket));
    }
}
