//! Ten thousand sockets that mean no good, and callers beside them who do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Answer, Connection, request};
use crate::load::{Beat, Times};
use crate::process::{Process, need_open_files};
use crate::{Figure, Result, Scale};

const SOCKETS: u32 = 10_000;
/// They come from so many addresses.
const ADDRESSES: u32 = 100;
const SECONDS: u32 = 60;
/// How long all of them may take to connect.
const GATHERING: Duration = Duration::from_mins(1);
/// A reader that reads nothing asks so often: for more than the buffers of its connection hold.
const PIPELINED: usize = 40;
/// A byte so often.
const DRIP: Duration = Duration::from_secs(2);
/// Of a good caller.
const PATIENCE: Duration = Duration::from_secs(10);
const PROBES_PER_SECOND: u32 = 50;
const MOST_MEGABYTES: f64 = 150.0;
const SLOWEST_PROBE: f64 = 20.0;

const USER: (&str, &str) = ("katlyn@example.com", "sandbox-katlyn");
const LIST: &str = "/jobs?companyHandle=c%7C110";

/// What a socket does.
#[derive(Debug, Clone, Copy)]
enum Evil {
    /// Drips its first head.
    FirstHead,
    /// Asks well, then drips the head of a second request.
    SecondHead,
    /// Drips a body.
    Body,
    /// Asks for one list after the other, and reads none.
    Reader,
}

const EVILS: [Evil; 4] = [Evil::FirstHead, Evil::SecondHead, Evil::Body, Evil::Reader];

/// What the hostile sockets count.
#[derive(Default)]
struct Siege {
    over: AtomicBool,
    open: AtomicU64,
    /// Ever.
    opened: AtomicU64,
}

impl Siege {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Comes again whenever it is thrown out.
    async fn lay(self: Arc<Self>, gateway: SocketAddr, number: u32) {
        let own = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(number % ADDRESSES).unwrap_or(0) + 1));
        let evil = EVILS[number as usize % EVILS.len()];
        // They don't come all at once.
        tokio::time::sleep(GATHERING / 2 * number / SOCKETS).await;
        while !self.is_over() {
            let buffer = if matches!(evil, Evil::Reader) { 4_096 } else { 65_536 };
            if let Ok(connection) = Connection::open_from(own, gateway, buffer).await {
                self.opened.fetch_add(1, Ordering::Relaxed);
                self.open.fetch_add(1, Ordering::Relaxed);
                // Being thrown out is what it is for.
                let _ = self.torment(connection, evil).await;
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn torment(&self, mut connection: Connection, evil: Evil) -> std::io::Result<()> {
        let (user, password) = USER;
        let list = request("GET", LIST, user, password, "");
        match evil {
            Evil::FirstHead => {}
            Evil::SecondHead => drop(connection.call(&list).await?),
            Evil::Body => {
                let headers = "Content-Type: application/json\r\nContent-Length: 100000\r\n";
                connection.send(request("POST", "/jobs", user, password, headers).as_bytes()).await?;
            }
            Evil::Reader => {
                let many = list.repeat(PIPELINED);
                let _ = tokio::time::timeout(DRIP, connection.send(many.as_bytes())).await;
            }
        }
        let mut drips = list.bytes().chain(std::iter::repeat(b' '));
        while !self.is_over() {
            // A reader sends on, too: it would notice in no other way that it was thrown out.
            connection.send(&[drips.next().unwrap_or(b' ')]).await?;
            tokio::time::sleep(DRIP).await;
        }
        Ok(())
    }
}

/// Probes and polls of those who mean well.
#[derive(Default)]
struct Good {
    probes: Times,
    failures: Vec<String>,
    polls: usize,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let sockets = scale.count(SOCKETS);
    let lasting = scale.seconds(SECONDS);
    need_open_files(u64::from(sockets) + 1_000)?;
    let sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let gateway = Process::gateway(&sandbox.service(), &[])?;
    let address = gateway.address;

    let siege = Arc::new(Siege::default());
    for number in 0..sockets {
        tokio::spawn(Arc::clone(&siege).lay(address, number));
    }
    let gathering = Instant::now();
    while siege.open.load(Ordering::Relaxed) < u64::from(sockets) * 9 / 10 && gathering.elapsed() < GATHERING {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let probing = tokio::spawn(probe(address, lasting));
    let polling = tokio::spawn(poll(address, lasting));
    let (mut most_memory, mut most_open, mut least_open) = (0.0_f64, 0, u64::MAX);
    while !probing.is_finished() {
        most_memory = most_memory.max(gateway.resident_megabytes()?);
        let open = siege.open.load(Ordering::Relaxed);
        (most_open, least_open) = (most_open.max(open), least_open.min(open));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (mut good, polls) = (probing.await?, polling.await?);
    siege.over.store(true, Ordering::Relaxed);
    good.failures.extend(polls.failures);
    for failure in good.failures.iter().take(5) {
        eprintln!("{failure}");
    }
    let (p99, failed) = (good.probes.per_mille(990), good.failures.len());
    Ok(Figure {
        load: format!(
            "{least_open} to {most_open} hostile sockets for {} s ({} in all): slow head first and second, slow body, slow reader",
            lasting.as_secs(),
            siege.opened.load(Ordering::Relaxed)
        ),
        target: "/livez p99 < 20 ms, no good poll fails, RSS < 150 MB",
        measured: format!(
            "p99 {p99:.1} ms of {}, {failed} of {} polls failed, {most_memory:.0} MB",
            good.probes.count(),
            polls.polls
        ),
        reached: p99 < SLOWEST_PROBE
            && failed == 0
            && most_memory < MOST_MEGABYTES
            && most_open >= u64::from(sockets) * 8 / 10,
    })
}

/// `/livez`, each time over a new connection as probes do.
async fn probe(address: SocketAddr, lasting: Duration) -> Good {
    let mut good = Good::default();
    let mut beat = Beat::new(Duration::from_secs(1) / PROBES_PER_SECOND, lasting);
    let livez = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
    while beat.next().await.is_some() {
        let began = Instant::now();
        match ask(address, livez).await {
            Ok(answer) if answer.status == 200 => good.probes.add(began.elapsed()),
            Ok(answer) => good.failures.push(format!("/livez: {}", answer.status)),
            Err(error) => good.failures.push(format!("/livez: {error}")),
        }
    }
    good
}

async fn poll(address: SocketAddr, lasting: Duration) -> Good {
    let mut good = Good::default();
    let mut beat = Beat::new(Duration::from_secs(1) / PROBES_PER_SECOND, lasting);
    let (user, password) = USER;
    let list = request("GET", LIST, user, password, "");
    while beat.next().await.is_some() {
        good.polls += 1;
        match ask(address, &list).await {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => good.failures.push(format!("{LIST}: {}", answer.status)),
            Err(error) => good.failures.push(format!("{LIST}: {error}")),
        }
    }
    good
}

/// Asks over a new connection, and not for ever.
async fn ask(gateway: SocketAddr, request: &str) -> std::io::Result<Answer> {
    let answer = async { Connection::open(gateway).await?.call(request).await };
    tokio::time::timeout(PATIENCE, answer).await?
}
