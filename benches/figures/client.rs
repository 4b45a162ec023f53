//! A small HTTP/1.1 client whose connections can be watched, and dropped in the middle.

use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A connection.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    head: String,
    /// The body.
    pub body: Vec<u8>,
    closes: bool,
}

impl Answer {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The text of a request without a body.
pub fn request(method: &str, path: &str, user: &str, password: &str, headers: &str) -> String {
    let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {login}\r\n{headers}\r\n")
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Connects from this address of the own machine, with a receive buffer of so many bytes.
    pub async fn open_from(own: IpAddr, address: SocketAddr, buffer: u32) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(buffer)?;
        socket.bind((own, 0).into())?;
        Ok(Self { stream: socket.connect(address).await?, received: Vec::new() })
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and reads its answer.
    pub async fn call(&mut self, request: &str) -> io::Result<Answer> {
        self.send(request.as_bytes()).await?;
        self.answer().await
    }

    /// Reads an answer with a length, or without a body.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.ok_or_else(|| invalid("no status"))?;
        let mut answer = Answer { status, head, body: Vec::new(), closes: false };
        answer.closes = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let length = match answer.header("content-length") {
            Some(length) => length.parse().map_err(|_| invalid("no length"))?,
            None if matches!(status, 204 | 304) => 0,
            None => return Err(invalid("a body without a length")),
        };
        while self.received.len() < end + length {
            self.more().await?;
        }
        answer.body = self.received[end..end + length].to_vec();
        self.received.drain(..end + length);
        Ok(answer)
    }

    /// Whether the other side goes on reading after this answer.
    pub fn goes_on(answer: &Answer) -> bool {
        !answer.closes
    }

    /// Reads what comes next; 0 at the end.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into).await
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Hangs up as a crashed process does.
    pub fn reset(self) {
        // Else it ends in good order, which is as good.
        let _ = self.stream.set_zero_linger();
    }
}
