//! 5,000 hostile sockets (slow heads, slow bodies, slow readers), and ordinary clients beside them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Connection, Response, request};
use crate::load::{Latencies, Pacer};
use crate::process::{Process, require_open_files};
use crate::{Figure, Result, Scale};

/// Number of hostile sockets.
const SOCKETS: u32 = 5_000;
/// Number of client addresses that they connect from.
const ADDRESSES: u32 = 100;
/// Duration of the measurement, in seconds.
const SECONDS: u32 = 60;
/// Maximum time in which they connect.
const CONNECT_TIME: Duration = Duration::from_mins(1);
/// Number of requests that a slow reader pipelines: their responses are larger than the buffers of its connection.
const PIPELINED: usize = 40;
/// Interval between the bytes of a slow client.
const DRIP_INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of an ordinary client.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
const PROBES_PER_SECOND: u32 = 50;
/// Upper bound of the target for the gateway's memory, in MB.
const MAX_MEGABYTES: f64 = 150.0;
/// Upper bound of the target for the 99th percentile of `/livez`, in ms.
const MAX_PROBE_P99: f64 = 20.0;

const USER: (&str, &str) = ("katlyn@example.com", "sandbox-katlyn");
const LIST: &str = "/jobs?companyHandle=c%7C110";

/// Behaviour of a hostile socket.
#[derive(Debug, Clone, Copy)]
enum SlowClient {
    /// Sends its first head a byte at a time.
    FirstHead,
    /// Sends a whole request, then the head of a second one a byte at a time.
    SecondHead,
    /// Sends a body a byte at a time.
    Body,
    /// Pipelines requests and reads no response.
    Reader,
}

const SLOW_CLIENTS: [SlowClient; 4] =
    [SlowClient::FirstHead, SlowClient::SecondHead, SlowClient::Body, SlowClient::Reader];

/// Counters of the hostile sockets.
#[derive(Default)]
struct Attackers {
    stopped: AtomicBool,
    open: AtomicU64,
    /// Number of connections that were ever opened.
    opened: AtomicU64,
}

impl Attackers {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Runs one hostile socket, which connects again whenever the gateway closes it.
    async fn run(self: Arc<Self>, gateway: SocketAddr, number: u32) {
        let own = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(number % ADDRESSES).unwrap_or(0) + 1));
        let client = SLOW_CLIENTS[number as usize % SLOW_CLIENTS.len()];
        // They connect over half of the time.
        tokio::time::sleep(CONNECT_TIME / 2 * number / SOCKETS).await;
        while !self.is_stopped() {
            let buffer = if matches!(client, SlowClient::Reader) { 4_096 } else { 65_536 };
            if let Ok(connection) = Connection::open_from(own, gateway, buffer).await {
                self.opened.fetch_add(1, Ordering::Relaxed);
                self.open.fetch_add(1, Ordering::Relaxed);
                // The gateway is expected to close the connection.
                let _ = self.attack(connection, client).await;
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn attack(&self, mut connection: Connection, client: SlowClient) -> std::io::Result<()> {
        let (user, password) = USER;
        let list = request("GET", LIST, user, password, "");
        match client {
            SlowClient::FirstHead => {}
            SlowClient::SecondHead => drop(connection.call(&list).await?),
            SlowClient::Body => {
                let headers = "Content-Type: application/json\r\nContent-Length: 100000\r\n";
                connection.send(request("POST", "/jobs", user, password, headers).as_bytes()).await?;
            }
            SlowClient::Reader => {
                let many = list.repeat(PIPELINED);
                let _ = tokio::time::timeout(DRIP_INTERVAL, connection.send(many.as_bytes())).await;
            }
        }
        let mut drips = list.bytes().chain(std::iter::repeat(b' '));
        while !self.is_stopped() {
            // A slow reader sends as well, to notice the end of the connection.
            connection.send(&[drips.next().unwrap_or(b' ')]).await?;
            tokio::time::sleep(DRIP_INTERVAL).await;
        }
        Ok(())
    }
}

/// Results of the ordinary clients.
#[derive(Default)]
struct Ordinary {
    probes: Latencies,
    failures: Vec<String>,
    polls: usize,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let sockets = scale.count(SOCKETS);
    let duration = scale.seconds(SECONDS);
    require_open_files(u64::from(sockets) + 1_000)?;
    let sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let gateway = Process::gateway(&sandbox.service_url(), &[])?;
    let address = gateway.address;

    let attackers = Arc::new(Attackers::default());
    for number in 0..sockets {
        tokio::spawn(Arc::clone(&attackers).run(address, number));
    }
    let connecting = Instant::now();
    while attackers.open.load(Ordering::Relaxed) < u64::from(sockets) * 9 / 10 && connecting.elapsed() < CONNECT_TIME {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let probing = tokio::spawn(probe(address, duration));
    let polling = tokio::spawn(poll(address, duration));
    let (mut most_memory, mut most_open, mut least_open) = (0.0_f64, 0, u64::MAX);
    while !probing.is_finished() {
        most_memory = most_memory.max(gateway.resident_megabytes()?);
        let open = attackers.open.load(Ordering::Relaxed);
        (most_open, least_open) = (most_open.max(open), least_open.min(open));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (mut results, polls) = (probing.await?, polling.await?);
    attackers.stopped.store(true, Ordering::Relaxed);
    results.failures.extend(polls.failures);
    for failure in results.failures.iter().take(5) {
        eprintln!("{failure}");
    }
    let (p99, failed) = (results.probes.per_mille(990), results.failures.len());
    Ok(Figure {
        load: format!(
            "{least_open} to {most_open} hostile sockets for {} s ({} in all): slow head first and second, slow body, slow reader",
            duration.as_secs(),
            attackers.opened.load(Ordering::Relaxed)
        ),
        target: "/livez p99 < 20 ms, no good poll fails, RSS < 150 MB",
        measured: format!(
            "p99 {p99:.1} ms of {}, {failed} of {} polls failed, {most_memory:.0} MB",
            results.probes.count(),
            polls.polls
        ),
        reached: p99 < MAX_PROBE_P99
            && failed == 0
            && most_memory < MAX_MEGABYTES
            && most_open >= u64::from(sockets) * 8 / 10,
    })
}

/// Requests `/livez` at a fixed rate, each time over a new connection as probes do.
async fn probe(address: SocketAddr, duration: Duration) -> Ordinary {
    let mut results = Ordinary::default();
    let mut pacer = Pacer::new(Duration::from_secs(1) / PROBES_PER_SECOND, duration);
    let livez = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
    while pacer.next().await.is_some() {
        let began = Instant::now();
        match send(address, livez).await {
            Ok(answer) if answer.status == 200 => results.probes.add(began.elapsed()),
            Ok(answer) => results.failures.push(format!("/livez: {}", answer.status)),
            Err(error) => results.failures.push(format!("/livez: {error}")),
        }
    }
    results
}

/// Requests the list of jobs at a fixed rate, each time over a new connection.
async fn poll(address: SocketAddr, duration: Duration) -> Ordinary {
    let mut results = Ordinary::default();
    let mut pacer = Pacer::new(Duration::from_secs(1) / PROBES_PER_SECOND, duration);
    let (user, password) = USER;
    let list = request("GET", LIST, user, password, "");
    while pacer.next().await.is_some() {
        results.polls += 1;
        match send(address, &list).await {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => results.failures.push(format!("{LIST}: {}", answer.status)),
            Err(error) => results.failures.push(format!("{LIST}: {error}")),
        }
    }
    results
}

/// Sends a request over a new connection.
async fn send(gateway: SocketAddr, request: &str) -> std::io::Result<Response> {
    let answer = async { Connection::open(gateway).await?.call(request).await };
    tokio::time::timeout(CLIENT_TIMEOUT, answer).await?
}
