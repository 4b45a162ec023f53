//! Scripted HTTP server on loopback sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Script of the server for every request of a connection.
#[derive(Debug, Clone)]
pub enum Script {
    /// Sends these bytes and keeps the connection open.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Reads the request and never responds.
    StaySilent,
    /// Reads the request, waits and closes the connection.
    WaitAndClose(Duration),
    /// Closes the connection without reading.
    HangUp,
}

/// Running server.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Starts a server that follows a script.
    pub async fn start(script: Script) -> Self {
        Self::start_with(vec![script]).await
    }

    /// Starts a server with one script per connection; the last one applies to all further connections.
    pub async fn start_with(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, connections) = (Arc::default(), Arc::default());
        let server = Self { address, seen: Arc::clone(&seen), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = {
                    let mut count = connections.lock().expect("the count");
                    *count += 1;
                    (*count - 1).min(scripts.len() - 1)
                };
                tokio::spawn(serve(stream, scripts[number].clone(), Arc::clone(&seen)));
            }
        });
        server
    }

    /// Returns the requests received so far, with heads and bodies.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("the requests").clone()
    }

    /// Returns the number of accepted connections.
    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("the count")
    }
}

async fn serve(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    if matches!(script, Script::HangUp) {
        return;
    }
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().expect("the requests").push(request);
        match &script {
            Script::Send(bytes) => drop(stream.write_all(bytes).await),
            Script::SendAndClose(bytes) => {
                drop(stream.write_all(bytes).await);
                return;
            }
            Script::StaySilent => tokio::time::sleep(Duration::from_mins(1)).await,
            Script::WaitAndClose(time) => {
                tokio::time::sleep(*time).await;
                return;
            }
            Script::HangUp => return,
        }
    }
}

/// Reads a request with its Content-Length; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

/// Returns an HTTP response with a Content-Length.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Returns an HTTP response with an XML document.
pub fn xml(status: &str, document: &str) -> Vec<u8> {
    response(status, "Content-Type: text/xml; charset=UTF-8\r\n", document.as_bytes())
}
