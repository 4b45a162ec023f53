//! Minimal HTTP/1.1 client with control over its connections, such as a reset in the middle of a response.

use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Connection of the client.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// Response.
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    head: String,
    /// Body.
    pub body: Vec<u8>,
    closes: bool,
}

impl Response {
    /// Returns the value of a header; its name is case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Returns the head of a request with basic authentication.
pub fn request(method: &str, path: &str, user: &str, password: &str, headers: &str) -> String {
    let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {login}\r\n{headers}\r\n")
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Connection {
    /// Opens a connection.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Opens a connection from a local address, with a receive buffer of `buffer` bytes.
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

    /// Sends a request and reads the response.
    pub async fn call(&mut self, request: &str) -> io::Result<Response> {
        self.send(request.as_bytes()).await?;
        self.read_response().await
    }

    /// Reads a response with `Content-Length` or without a body.
    pub async fn read_response(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.ok_or_else(|| invalid("no status"))?;
        let mut response = Response { status, head, body: Vec::new(), closes: false };
        response.closes = response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let length = match response.header("content-length") {
            Some(length) => length.parse().map_err(|_| invalid("no length"))?,
            None if matches!(status, 204 | 304) => 0,
            None => return Err(invalid("a body without a length")),
        };
        while self.received.len() < end + length {
            self.read_more().await?;
        }
        response.body = self.received[end..end + length].to_vec();
        self.received.drain(..end + length);
        Ok(response)
    }

    /// Returns whether the connection can be reused after this response.
    pub fn is_reusable_after(response: &Response) -> bool {
        !response.closes
    }

    /// Reads bytes; returns 0 at the end of the connection.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into).await
    }

    async fn read_more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Resets the connection (RST), as the crash of a client does.
    pub fn reset(self) {
        // If the option can't be set, the connection is closed by FIN.
        let _ = self.stream.set_zero_linger();
    }
}
