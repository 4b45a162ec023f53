//! An upstream that plays bad tricks, below the level of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does about a call.
#[derive(Debug, Clone)]
pub enum Act {
    /// Sends these bytes and closes the connection.
    Say(Vec<u8>),
    /// Sends these bytes and resets the connection.
    SayAndReset(Vec<u8>),
    /// Sends these bytes, then these others for ever, one portion after each pause.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Resets the connection after so many bytes of the request.
    ResetAfter(usize),
}

type Acts = Arc<Mutex<HashMap<String, Act>>>;

/// Bad, but only when told so: without an act an operation gets an empty answer.
pub struct BadUpstream {
    pub url: String,
    acts: Acts,
    calls: Arc<Mutex<Vec<String>>>,
}

impl BadUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/scene7/services/IpsApiService", listener.local_addr().expect("an address"));
        let (acts, calls) = (Acts::default(), Arc::<Mutex<Vec<String>>>::default());
        let (shared, counted) = (Arc::clone(&acts), Arc::clone(&calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), Arc::clone(&counted)));
            }
        });
        Self { url, acts, calls }
    }

    /// From now on the operation is treated like this.
    pub fn act(&self, operation: &str, act: Act) {
        self.acts.lock().expect("no panic").insert(operation.into(), act);
    }

    /// How often the operation was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.calls.lock().expect("no panic").iter().filter(|call| *call == operation).count()
    }
}

async fn serve(mut stream: TcpStream, acts: Acts, calls: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut operation = None;
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let header = |wanted: &str| {
            let mut headers = head.lines().filter_map(|line| line.split_once(':'));
            headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
        };
        if operation.is_none() && text.contains("\r\n\r\n") {
            operation = header("soapaction");
            calls.lock().expect("no panic").extend(operation.clone());
        }
        let act = operation.as_ref().and_then(|operation| acts.lock().expect("no panic").get(operation).cloned());
        if let Some(Act::ResetAfter(bytes)) = act
            && request.len() >= bytes
        {
            return reset(stream);
        }
        let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
        if let (Some(operation), Some(length)) = (&operation, length)
            && body.len() >= length
        {
            let act = act.unwrap_or_else(|| super::document(&crate::support::envelope(operation, "")));
            return play(stream, act).await;
        }
        let mut chunk = [0; 256];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
            _ => return,
        }
    }
}

async fn play(mut stream: TcpStream, act: Act) {
    // The gateway may have hung up first: that is its right.
    match act {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
        }
        Act::SayAndReset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(stream);
        }
        Act::Drip(bytes, portion, pause) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&portion).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
        Act::ResetAfter(_) => reset(stream),
    }
}

/// Closes with a reset in place of an orderly end.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}
