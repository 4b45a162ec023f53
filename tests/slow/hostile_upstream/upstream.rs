//! A hostile upstream, below the level of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The reaction to a call.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes and resets the connection.
    SendAndReset(Vec<u8>),
    /// Sends these bytes, then endlessly the second ones, with a pause after each.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Resets the connection after this many bytes of the request.
    ResetAfter(usize),
}

type Behaviours = Arc<Mutex<HashMap<String, Behaviour>>>;

/// The upstream. An operation without a behaviour has an empty answer.
pub struct HostileUpstream {
    pub url: String,
    behaviours: Behaviours,
    calls: Arc<Mutex<Vec<String>>>,
}

impl HostileUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/scene7/services/IpsApiService", listener.local_addr().expect("an address"));
        let (behaviours, calls) = (Behaviours::default(), Arc::<Mutex<Vec<String>>>::default());
        let (shared, counted) = (Arc::clone(&behaviours), Arc::clone(&calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), Arc::clone(&counted)));
            }
        });
        Self { url, behaviours, calls }
    }

    /// Sets the behaviour of an operation.
    pub fn set(&self, operation: &str, behaviour: Behaviour) {
        self.behaviours.lock().expect("no panic").insert(operation.into(), behaviour);
    }

    /// The number of calls of an operation.
    pub fn calls(&self, operation: &str) -> usize {
        self.calls.lock().expect("no panic").iter().filter(|call| *call == operation).count()
    }
}

async fn serve(mut stream: TcpStream, behaviours: Behaviours, calls: Arc<Mutex<Vec<String>>>) {
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
        let behaviour =
            operation.as_ref().and_then(|operation| behaviours.lock().expect("no panic").get(operation).cloned());
        if let Some(Behaviour::ResetAfter(bytes)) = behaviour
            && request.len() >= bytes
        {
            return reset(stream);
        }
        let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
        if let (Some(operation), Some(length)) = (&operation, length)
            && body.len() >= length
        {
            let behaviour = behaviour.unwrap_or_else(|| super::document(&crate::support::envelope(operation, "")));
            return perform(stream, behaviour).await;
        }
        let mut chunk = [0; 256];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
            _ => return,
        }
    }
}

async fn perform(mut stream: TcpStream, behaviour: Behaviour) {
    // The gateway may close the connection first.
    match behaviour {
        Behaviour::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
        }
        Behaviour::SendAndReset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(stream);
        }
        Behaviour::Drip(bytes, portion, pause) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&portion).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
        Behaviour::ResetAfter(_) => reset(stream),
    }
}

/// Closes with a reset.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}
