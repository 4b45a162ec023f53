//! A client that controls every byte it sends, and when.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::support::Gateway;

/// The longest wait for a response or the end of a connection.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to the gateway.
pub struct Socket {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Heard {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts a problem document with this code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("\r\ncontent-type: application/problem+json\r\n"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{self:?}");
        assert!(self.head.contains(&format!("x-request-id: {}\r\n", problem["requestId"].as_str().unwrap_or("?"))));
        problem
    }
}

impl Socket {
    pub async fn open(gateway: &Gateway) -> Self {
        let stream = TcpStream::connect(gateway.address()).await.expect("it listens");
        Self { stream, received: Vec::new() }
    }

    /// Opens a connection with a small receive buffer.
    pub async fn open_narrow(gateway: &Gateway) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let address = gateway.address().parse().expect("an address");
        let stream = socket.connect(address).await.expect("it listens");
        Self { stream, received: Vec::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the connection is open");
    }

    /// Sends bytes; returns false if the gateway has closed the connection.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends one byte at a time with a pause after each, until the gateway closes the connection.
    pub async fn drip(&mut self, text: &str, pause: Duration) {
        for byte in text.as_bytes() {
            if !self.try_send(&[*byte]).await {
                return;
            }
            sleep(pause).await;
        }
    }

    /// Reads a response with a `Content-Length`.
    pub async fn hear(&mut self) -> Heard {
        timeout(TIMEOUT, self.hear_in_time()).await.expect("an answer")
    }

    async fn hear_in_time(&mut self) -> Heard {
        loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.received[..end + 4]).into_owned();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let length: usize = length.unwrap_or(0);
                if self.received.len() >= end + 4 + length {
                    let body = String::from_utf8_lossy(&self.received[end + 4..end + 4 + length]).into_owned();
                    self.received.drain(..end + 4 + length);
                    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                    return Heard { status: status.unwrap_or_else(|| panic!("no status: {head}")), head, body };
                }
            }
            let read = self.stream.read_buf(&mut self.received).await.expect("no reset");
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.received));
        }
    }

    /// Reads the head of a response.
    pub async fn hear_head(&mut self) -> String {
        let read = async {
            loop {
                if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                    return self.received.drain(..end + 4).collect::<Vec<_>>();
                }
                let read = self.stream.read_buf(&mut self.received).await.expect("no reset");
                assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.received));
            }
        };
        String::from_utf8_lossy(&timeout(TIMEOUT, read).await.expect("a head")).into_owned()
    }

    /// Asserts that the gateway closes the connection without sending anything.
    pub async fn expect_end(&mut self) {
        let rest = self.rest().await;
        assert!(rest.is_empty(), "expected the end, not {:?}", String::from_utf8_lossy(&rest));
    }

    /// Reads until the gateway closes or resets the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.received);
        let _ = timeout(TIMEOUT, self.stream.read_to_end(&mut rest)).await.expect("the gateway closes the connection");
        rest
    }

    /// Asserts that nothing arrives and the connection stays open for this long.
    pub async fn expect_silence(&mut self, time: Duration) {
        let mut byte = [0];
        let read = timeout(time, self.stream.read(&mut byte)).await;
        assert!(read.is_err(), "expected silence, not {read:?}");
    }
}
