//! A proxy between the gateway and IPS that ends connections where a test says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::plan::{Cut, Place, Way};

/// How long an end waits for the other to end, too.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is done to the calls of one operation that hold a text.
struct Plan {
    operation: &'static str,
    text: String,
    cut: Cut,
    /// How often such a call came.
    calls: usize,
    /// How many bytes of the last one's request and answer went by.
    passed: (usize, usize),
}

struct State {
    ips: SocketAddr,
    plans: Mutex<Vec<Plan>>,
    /// Late requests wait for it.
    gate: watch::Sender<bool>,
}

/// See the module. Ends when it is dropped.
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
    /// A proxy before the IPS at this address.
    pub async fn start(ips: SocketAddr) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), ips).await
    }

    /// The same, where another was before.
    pub async fn start_at(address: SocketAddr, ips: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { ips, plans: Mutex::default(), gate: watch::Sender::new(false) });
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((gateway, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // Both sides may have gone already: that is what this is for.
                tokio::spawn(async move { state.serve(gateway).await.ok() });
            }
        });
        Self { address, state, serving }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, calls of the operation whose request holds the text end so.
    pub fn plan(&self, operation: &'static str, text: &str, cut: Cut) {
        let plan = Plan { operation, text: text.into(), cut, calls: 0, passed: (0, 0) };
        self.state.plans.lock().expect("no panic").push(plan);
    }

    /// From now on, nothing is cut.
    pub fn forget_plans(&self) {
        self.state.plans.lock().expect("no panic").clear();
    }

    /// How many planned calls of the operation with the text came.
    pub fn calls(&self, operation: &str, text: &str) -> usize {
        self.state.of_plan(operation, text, |plan| plan.calls)
    }

    /// How many bytes of the request and of the answer of the planned call went by.
    pub fn passed(&self, operation: &str, text: &str) -> (usize, usize) {
        self.state.of_plan(operation, text, |plan| plan.passed)
    }

    /// Lets the late requests go on to IPS.
    pub fn release(&self) {
        self.state.gate.send_replace(true);
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
            Some(Cut { place: Place::Request(bytes), way }) => {
                let mut ips = connect().await?;
                let early = bytes.min(request.len());
                ips.write_all(&request[..early]).await?;
                copy(&mut (&mut gateway).take((bytes - early) as u64), &mut ips).await?;
                tokio::join!(end(gateway, way), end(ips, way));
                Ok(())
            }
            Some(Cut { place: Place::LateRequest, way }) => {
                read_whole(&mut gateway, &mut request).await?;
                end(gateway, way).await;
                let _ = self.gate.subscribe().wait_for(|open| *open).await;
                let mut ips = connect().await?;
                ips.write_all(&request).await?;
                // IPS has done it when it begins to answer.
                ips.read_u8().await.map(drop)
            }
            Some(Cut { place, way }) => {
                read_whole(&mut gateway, &mut request).await?;
                let mut ips = connect().await?;
                ips.write_all(&request).await?;
                ips.peek(&mut [0]).await?;
                let most = if let Place::Answer(bytes) = place { bytes } else { usize::MAX };
                let (mut answer, mut passed) = (vec![0; 4096], 0);
                while passed < most {
                    let room = answer.len().min(most - passed);
                    let bytes = tokio::select! {
                        bytes = ips.read(&mut answer[..room]) => bytes?,
                        // The gateway has what it wanted.
                        () = hung_up(&gateway) => 0,
                    };
                    if bytes == 0 {
                        break;
                    }
                    gateway.write_all(&answer[..bytes]).await?;
                    passed += bytes;
                }
                if let Some((operation, text, _)) = &planned {
                    self.of_plan(operation, text, |plan| plan.passed = (request.len(), passed));
                }
                tokio::join!(end(gateway, way), end(ips, way));
                Ok(())
            }
        }
    }

    /// What is planned for this request, as soon as its beginning tells.
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

/// Ends a connection. What the other side still sends is read, or the end would look like a crash whatever the way.
async fn end(mut stream: TcpStream, way: Way) {
    match way {
        Way::Rst => drop(stream.set_zero_linger()),
        Way::Fin => {
            let _ = stream.shutdown().await;
            let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        }
    }
}

async fn hung_up(stream: &TcpStream) {
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

/// Whether the head is there, and as much of the body as it says.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    request.len() >= end + 4 + length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
