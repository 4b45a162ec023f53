//! An exchange of raw bytes with a server, and its outcome in a line.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{sleep, timeout};

/// Time without a byte after which a connection counts as kept open.
const QUIET: Duration = Duration::from_millis(1_500);
/// Time between two packets.
const PAUSE: Duration = Duration::from_millis(100);

/// What a client does.
pub enum Step {
    Send(Vec<u8>),
    Pause,
    HalfClose,
}

/// What a server did.
pub struct Outcome {
    responses: Vec<Response>,
    end: End,
}

struct Response {
    version: String,
    status: u16,
    connection: Option<String>,
    has_body: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

/// `200, 404 close; closed`: the statuses, with the version unless it is 1.1, the `Connection` header, and `empty` without a body.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let responses: Vec<_> = self.responses.iter().map(ToString::to_string).collect();
        let responses = if responses.is_empty() { "nothing".to_owned() } else { responses.join(", ") };
        let end = match self.end {
            End::Open => "open",
            End::Closed => "closed",
        };
        write!(f, "{responses}; {end}")
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, status, connection, has_body } = self;
        if version != "HTTP/1.1" {
            write!(f, "{version} ")?;
        }
        write!(f, "{status}")?;
        if let Some(connection) = connection {
            write!(f, " {connection}")?;
        }
        if *has_body { Ok(()) } else { f.write_str(" empty") }
    }
}

/// Performs the steps on a new connection, and reads until it is closed or quiet.
pub async fn run(address: &str, steps: &[Step]) -> Outcome {
    let (reader, mut writer) = TcpStream::connect(address).await.expect("it listens").into_split();
    let reading = tokio::spawn(read_to_end(reader));
    for step in steps {
        match step {
            // The server may have closed the connection.
            Step::Send(bytes) => drop(writer.write_all(bytes).await),
            Step::Pause => sleep(PAUSE).await,
            Step::HalfClose => drop(writer.shutdown().await),
        }
    }
    let (bytes, end) = reading.await.expect("no panic");
    Outcome { responses: responses(&bytes), end }
}

async fn read_to_end(mut reader: OwnedReadHalf) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    loop {
        match timeout(QUIET, reader.read_buf(&mut bytes)).await {
            Err(_) => return (bytes, End::Open),
            Ok(Ok(0) | Err(_)) => return (bytes, End::Closed),
            Ok(Ok(_)) => {}
        }
    }
}

fn responses(mut bytes: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        bytes = &bytes[end + 4..];
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        let length: usize = field("content-length").map_or(0, |length| length.parse().expect("a number"));
        // The response to HEAD declares the length of a body that it doesn't have.
        let length = if bytes.starts_with(b"HTTP/1.") { 0 } else { length.min(bytes.len()) };
        bytes = &bytes[length..];
        let mut status_line = head.split(' ');
        let version = status_line.next().expect("a version").to_uppercase();
        let status = status_line.next().and_then(|status| status.parse().ok()).expect("a status");
        responses.push(Response {
            version,
            status,
            connection: field("connection").map(str::to_owned),
            has_body: length > 0,
        });
    }
    responses
}
