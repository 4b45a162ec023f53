//! 10,000 idle event streams, and a change that 5,000 of them are to receive.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinHandle;

use crate::client::{Connection, request};
use crate::load::Latencies;
use crate::process::{Process, require_open_files};
use crate::upstream::{Upstream, job_array, running_job};
use crate::{Figure, Result, Scale};

/// Number of idle streams.
const IDLE_STREAMS: u32 = 10_000;
/// Number of streams that stay open for the changes.
const STREAMS: u32 = 5_000;
/// Number of streams that are opened at the same time.
const OPENED_AT_ONCE: usize = 50;
/// Number of jobs in the list.
const JOBS: u32 = 10;
/// Number of changes.
const CHANGES: u32 = 5;
/// Interval of the changes: longer than that of the lists.
const CHANGE_INTERVAL: Duration = Duration::from_secs(5);
/// Interval of the lists, in seconds: the default.
const LIST_SECONDS: u64 = 2;
/// Upper bound of the target for the memory with idle streams, in MB.
const MAX_MEGABYTES: f64 = 150.0;
/// Upper bound of the target for the time from the answer of IPS to the event, in ms.
const MAX_LATENCY: f64 = 250.0;

const USER: &str = "katlyn@example.com";

/// Prefix of the number of a change, in the description of a job.
const MARK: &[u8] = b"change-";
/// Bytes that are searched again with the next ones: a mark may be divided.
const MARK_BYTES: usize = 32;

/// Changes of the list, and the times at which IPS answered with them.
#[derive(Default)]
struct Changes {
    current: AtomicU32,
    answered: Mutex<Vec<Instant>>,
    calls: AtomicUsize,
    latencies: Mutex<Latencies>,
}

impl Changes {
    /// Returns the list of jobs, with the number of the change.
    fn answer(&self) -> String {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let change = self.current.load(Ordering::Relaxed);
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.len() <= change as usize {
            answered.push(Instant::now());
        }
        let job = |number: u32| {
            let text = if number == 0 { format!("change-{change};") } else { String::new() };
            running_job(number, USER, &text)
        };
        job_array((0..JOBS).map(job))
    }

    /// Notes that a stream has the change.
    fn received(&self, change: u32) {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner)[change as usize];
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).add(answered.elapsed());
    }
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let (idle, kept) = (scale.count(IDLE_STREAMS), scale.count(STREAMS));
    require_open_files(u64::from(idle) + 1_000)?;
    let changes = Arc::new(Changes::default());
    let upstream = Upstream::start({
        let changes = Arc::clone(&changes);
        move |call| {
            let content = if call.operation == "getActiveJobs" { changes.answer() } else { String::new() };
            async move { content }
        }
    });
    let upstream = upstream.await?;
    let settings = [("MAX_CONNECTIONS", "20000"), ("MAX_CONNECTIONS_PER_ADDRESS", "20000")];
    let gateway = Process::gateway(&upstream.service_url(), &settings)?;

    let mut streams: Vec<_> = stream::iter(0..idle)
        .map(|_| open(gateway.address, Arc::clone(&changes)))
        .buffer_unordered(OPENED_AT_ONCE)
        .try_collect()
        .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let memory = gateway.resident_megabytes()?;
    streams.drain(kept as usize..).for_each(|listener| listener.abort());

    let (began, calls_before) = (Instant::now(), changes.calls.load(Ordering::Relaxed));
    for _ in 0..CHANGES {
        tokio::time::sleep(CHANGE_INTERVAL).await;
        changes.current.fetch_add(1, Ordering::Relaxed);
    }
    tokio::time::sleep(CHANGE_INTERVAL).await;
    let calls = changes.calls.load(Ordering::Relaxed) - calls_before;
    let intervals = usize::try_from(began.elapsed().as_secs() / LIST_SECONDS)? + 1;
    let closed = streams.iter().filter(|listener| listener.is_finished()).count();
    let mut latencies = changes.latencies.lock().unwrap_or_else(PoisonError::into_inner);
    let (events, p50, p99, max) =
        (latencies.count(), latencies.per_mille(500), latencies.per_mille(990), latencies.per_mille(1000));
    Ok(Figure {
        load: format!("{idle} idle event streams; {CHANGES} changes of a list with {kept} streams"),
        target: "RSS ≤ 150 MB; all streams have a change within 250 ms of the answer of IPS; 1 call per interval of 2 s",
        measured: format!(
            "{memory:.0} MB; {events} events, p50 {p50:.0} ms, p99 {p99:.0} ms, at most {max:.0} ms; {calls} calls in {intervals} intervals; {closed} streams closed"
        ),
        reached: memory <= MAX_MEGABYTES
            && events == CHANGES as usize * kept as usize
            && max <= MAX_LATENCY
            && calls <= intervals
            && closed == 0,
    })
}

/// Opens an event stream, and returns once it has the first list. The task then notes the changes that it receives.
async fn open(gateway: SocketAddr, changes: Arc<Changes>) -> Result<JoinHandle<std::io::Result<()>>> {
    let mut connection = Connection::open(gateway).await?;
    let path = "/jobs/events?companyHandle=c%7C110";
    connection.send(request("GET", path, USER, "secret", "").as_bytes()).await?;
    let mut received = Vec::new();
    while change_in(&received).is_none() {
        let mut piece = [0; 4_096];
        let bytes = connection.read(&mut piece).await?;
        if bytes == 0 {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&received)).into());
        }
        received.extend_from_slice(&piece[..bytes]);
    }
    Ok(tokio::spawn(async move {
        let mut last = change_in(&received).unwrap_or_default();
        loop {
            received.drain(..received.len().saturating_sub(MARK_BYTES));
            let mut piece = [0; 1_024];
            let bytes = connection.read(&mut piece).await?;
            if bytes == 0 {
                return Ok(());
            }
            received.extend_from_slice(&piece[..bytes]);
            if let Some(change) = change_in(&received).filter(|change| *change > last) {
                last = change;
                changes.received(change);
            }
        }
    }))
}

/// Returns the number of the last whole mark in these bytes.
fn change_in(received: &[u8]) -> Option<u32> {
    let start = received.windows(MARK.len()).rposition(|window| window == MARK)? + MARK.len();
    let digits = &received[start..];
    let end = digits.iter().position(|byte| *byte == b';')?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}
