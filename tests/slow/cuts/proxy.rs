//! A proxy between the gateway and IPS that cuts connections.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::plan::{CloseMode, Cut, Position};

/// The longest wait for the other side to close too.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The cut of calls of one operation with this text in their request.
struct Plan {
    operation: &'static str,
    text: String,
    cut: Cut,
    /// The number of such calls.
    calls: usize,
    /// Bytes of request and answer of the last call.
    passed: (usize, usize),
}

struct State {
    ips: SocketAddr,
    plans: Mutex<Vec<Plan>>,
    /// Late requests wait until it holds `true`.
    released: watch::Sender<bool>,
}

/// The proxy; stops on drop.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Proxy {
    /// Starts a proxy in front of the IPS at this address.
    pub async fn start(ips: SocketAddr) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), ips).await
    }

    /// Starts a proxy that listens at the address of an earlier one.
    pub async fn start_at(address: SocketAddr, ips: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { ips, plans: Mutex::default(), released: watch::Sender::new(false) });
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((gateway, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // Errors are expected: connections are cut.
                tokio::spawn(async move { state.serve(gateway).await.ok() });
            }
        });
        Self { address, state, serving }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the cut of calls of the operation with this text in their request.
    pub fn plan(&self, operation: &'static str, text: &str, cut: Cut) {
        let plan = Plan { operation, text: text.into(), cut, calls: 0, passed: (0, 0) };
        self.state.plans.lock().expect("no panic").push(plan);
    }

    /// Removes all cuts.
    pub fn forget_plans(&self) {
        self.state.plans.lock().expect("no panic").clear();
    }

    /// The number of planned calls of the operation with the text.
    pub fn calls(&self, operation: &str, text: &str) -> usize {
        self.state.of_plan(operation, text, |plan| plan.calls)
    }

    /// Bytes of request and answer of the planned call.
    pub fn passed(&self, operation: &str, text: &str) -> (usize, usize) {
        self.state.of_plan(operation, text, |plan| plan.passed)
    }

    /// Forwards the late requests to IPS.
    pub fn release(&self) {
        self.state.released.send_replace(true);
    }
}

impl State {
    fn of_plan<T>(&self, operation: &str, text: &str, read: impl FnOnce(&mut Plan) -> T) -> T {
        let mut plans = self.plans.lock().expect("no panic");
        let plan = plans.iter_mut().find(|plan| plan.operation == operation && plan.text == text);
        read(plan.unwrap_or_else(|| panic!("no plan for {operation} of {text}")))
    }

    async fn serve(&self, mut gateway: TcpStream) -> io::Result<()> {
        let mut request = Vec::new();
        let planned = loop {
            if let Some(planned) = self.planned(&request) {
                break Some(planned);
            }
            if is_whole(&request) {
                break None;
            }
            if gateway.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        };
        let connect = || TcpStream::connect(self.ips);
        match planned.as_ref().map(|(_, _, cut)| *cut) {
            None => {
                let mut ips = connect().await?;
                ips.write_all(&request).await?;
                copy_bidirectional(&mut gateway, &mut ips).await.map(drop)
            }
            Some(Cut { position: Position::Request(bytes), mode }) => {
                let mut ips = connect().await?;
                let early = bytes.min(request.len());
                ips.write_all(&request[..early]).await?;
                copy(&mut (&mut gateway).take((bytes - early) as u64), &mut ips).await?;
                tokio::join!(end(gateway, mode), end(ips, mode));
                Ok(())
            }
            Some(Cut { position: Position::LateRequest, mode }) => {
                read_whole(&mut gateway, &mut request).await?;
                end(gateway, mode).await;
                let _ = self.released.subscribe().wait_for(|released| *released).await;
                let mut ips = connect().await?;
                ips.write_all(&request).await?;
                // IPS has carried it out when it begins to answer.
                ips.read_u8().await.map(drop)
            }
            Some(Cut { position, mode }) => {
                read_whole(&mut gateway, &mut request).await?;
                let mut ips = connect().await?;
                ips.write_all(&request).await?;
                ips.peek(&mut [0]).await?;
                let most = if let Position::Answer(bytes) = position { bytes } else { usize::MAX };
                let (mut answer, mut passed) = (vec![0; 4096], 0);
                while passed < most {
                    let space = answer.len().min(most - passed);
                    let bytes = tokio::select! {
                        bytes = ips.read(&mut answer[..space]) => bytes?,
                        // The gateway has read the whole answer.
                        () = closed_by(&gateway) => 0,
                    };
                    if bytes == 0 {
                        break;
                    }
                    passed += bytes;
                    // Before they are written: then the gateway may answer, and the test ask.
                    if let Some((operation, text, _)) = &planned {
                        self.of_plan(operation, text, |plan| plan.passed = (request.len(), passed));
                    }
                    gateway.write_all(&answer[..bytes]).await?;
                }
                tokio::join!(end(gateway, mode), end(ips, mode));
                Ok(())
            }
        }
    }

    /// The plan of this request, as soon as enough of it has arrived.
    fn planned(&self, request: &[u8]) -> Option<(&'static str, String, Cut)> {
        let text = String::from_utf8_lossy(request);
        let mut plans = self.plans.lock().expect("no panic");
        let plan = plans.iter_mut().find(|plan| {
            text.to_ascii_lowercase().contains(&format!("soapaction: {}\r\n", plan.operation.to_ascii_lowercase()))
                && text.contains(&plan.text)
        })?;
        plan.calls += 1;
        Some((plan.operation, plan.text.clone(), plan.cut))
    }
}

/// Closes a connection. Unread bytes would turn an orderly end into a reset, so that they are read.
async fn end(mut stream: TcpStream, mode: CloseMode) {
    match mode {
        CloseMode::Rst => drop(stream.set_zero_linger()),
        CloseMode::Fin => {
            let _ = stream.shutdown().await;
            let _ = timeout(TIMEOUT, stream.read_to_end(&mut Vec::new())).await;
        }
    }
}

async fn closed_by(stream: &TcpStream) {
    let _ = stream.peek(&mut [0]).await;
}

async fn read_whole(stream: &mut TcpStream, request: &mut Vec<u8>) -> io::Result<()> {
    while !is_whole(request) {
        if stream.read_buf(request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Whether head and body have arrived.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    request.len() >= end + 4 + length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
