//! Overload: five times the capacity, then an IPS that is ten times slower for two minutes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{Connection, request};
use crate::load::{Latencies, Pacer};
use crate::process::Process;
use crate::upstream::Upstream;
use crate::{Figure, Result, Scale};

/// Concurrency limit of calls to IPS.
const CALLS: u32 = 16;
/// Duration of a call.
const CALL_DURATION: Duration = Duration::from_millis(100);
/// Calls per second at the concurrency limit.
const CAPACITY: u32 = 160;
/// Factor of a call's duration in the slow phase.
const TIMES_SLOWER: u64 = 10;

const AT_CAPACITY_SECONDS: u32 = 30;
const OVERLOADED_SECONDS: u32 = 60;
const SLOW_SECONDS: u32 = 120;
/// Maximum time after the slow phase until the goodput is that of before.
const RECOVERY_TIME: Duration = Duration::from_secs(10);
/// Upper bound of the target for the 99th percentile of rejections, in ms.
const MAX_REJECTION_P99: f64 = 10.0;
/// Timeout of a request.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(20);

/// Results of the requests of one phase.
#[derive(Default)]
struct Phase {
    /// Number of responses with status 200, by the second in which they arrived.
    good: BTreeMap<u64, u32>,
    good_latencies: Latencies,
    rejections: Latencies,
    /// Number of 503 responses without `Retry-After`.
    without_retry_after: u64,
    /// Number of other results, by status or error.
    others: BTreeMap<String, u64>,
}

impl Phase {
    /// Returns the responses with status 200 per second, in a range of seconds.
    fn goodput(&self, from: u64, until: u64) -> f64 {
        let count: u32 = self.good.range(from..until).map(|(_, count)| count).sum();
        f64::from(count) / until.saturating_sub(from).max(1) as f64
    }
}

/// Idle connections, each with the time since when it is idle.
type Pool = Arc<Mutex<Vec<(Connection, Instant)>>>;
/// Maximum idle time of a reused connection, below the gateway's idle timeout.
const MAX_IDLE: Duration = Duration::from_secs(2);

/// Clients whose requests each need a call to IPS of their own.
struct Clients {
    gateway: SocketAddr,
    pool: Pool,
    number: AtomicU64,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let slower = Arc::new(AtomicU64::new(1));
    let factor = Arc::clone(&slower);
    let upstream = Upstream::start(move |_| {
        let factor = Arc::clone(&factor);
        async move {
            tokio::time::sleep(CALL_DURATION * u32::try_from(factor.load(Ordering::Relaxed)).unwrap_or(1)).await;
            "<jobLogArray/>".to_owned()
        }
    });
    let upstream = upstream.await?;
    let calls = CALLS.to_string();
    let settings = [("UPSTREAM_CALLS", calls.as_str())];
    let gateway = Process::gateway(&upstream.service_url(), &settings)?;
    let clients = Arc::new(Clients { gateway: gateway.address, pool: Pool::default(), number: AtomicU64::new(0) });

    // At capacity: the peak goodput.
    let at_capacity = scale.seconds(AT_CAPACITY_SECONDS).max(Duration::from_secs(5));
    let peak = clients.offer(CAPACITY, at_capacity).await?;
    let peak = peak.goodput(2, at_capacity.as_secs());

    let overloaded = scale.seconds(OVERLOADED_SECONDS).max(Duration::from_secs(5));
    let mut overload = clients.offer(5 * CAPACITY, overloaded).await?;
    let goodput = overload.goodput(2, overloaded.as_secs());
    let rejections = overload.rejections.count();
    let rejection_p99 = overload.rejections.per_mille(990);

    let slow = scale.seconds(SLOW_SECONDS);
    slower.store(TIMES_SLOWER, Ordering::Relaxed);
    let whole = slow + 2 * RECOVERY_TIME;
    let reset = Arc::clone(&slower);
    tokio::spawn(async move {
        tokio::time::sleep(slow).await;
        reset.store(1, Ordering::Relaxed);
    });
    let mut slow_phase = clients.offer(5 * CAPACITY, whole).await?;
    let back = slow.as_secs() + RECOVERY_TIME.as_secs();
    let recovered = slow_phase.goodput(back, whole.as_secs());
    let back_after =
        (slow.as_secs()..whole.as_secs()).find(|second| slow_phase.goodput(*second, second + 1) >= 0.9 * peak);
    let back_after = back_after.map_or("never".to_owned(), |second| format!("{} s", second - slow.as_secs() + 1));

    let without_retry_after = overload.without_retry_after + slow_phase.without_retry_after;
    let mut others = overload.others;
    for (what, count) in slow_phase.others {
        *others.entry(what).or_default() += count;
    }
    Ok(Figure {
        load: format!(
            "capacity {CAPACITY}/s, offered {}/s for {} s; IPS {TIMES_SLOWER} times slower for {} s",
            5 * CAPACITY,
            overloaded.as_secs(),
            slow.as_secs()
        ),
        target: "goodput ≥ 90 % of the peak, the rest 503 with Retry-After within 10 ms; back within 10 s",
        measured: format!(
            "{goodput:.0}/s of {peak:.0}/s ({:.0} %), good p99 {:.0} ms; {rejections} rejected, p99 {rejection_p99:.1} ms, {without_retry_after} without Retry-After, \
             others {others:?}; back after {back_after} ({recovered:.0}/s)",
            goodput / peak * 100.0,
            overload.good_latencies.per_mille(990),
        ),
        reached: goodput >= 0.9 * peak
            && recovered >= 0.9 * peak
            && rejections > 0
            && rejection_p99 <= MAX_REJECTION_P99
            && without_retry_after == 0
            && others.is_empty()
            && slow_phase.rejections.per_mille(990) <= 10.0 * MAX_REJECTION_P99,
    })
}

impl Clients {
    /// Sends requests at a constant rate, independent of the responses (open loop).
    async fn offer(self: &Arc<Self>, per_second: u32, duration: Duration) -> Result<Phase> {
        let began = Instant::now();
        let mut pacer = Pacer::new(Duration::from_secs(1) / per_second, duration);
        let mut requests = JoinSet::new();
        while pacer.next().await.is_some() {
            let clients = Arc::clone(self);
            requests.spawn(async move {
                let sent = Instant::now();
                let answer = tokio::time::timeout(CLIENT_TIMEOUT, clients.send()).await;
                (sent.elapsed(), began.elapsed().as_secs(), answer)
            });
        }
        let mut phase = Phase::default();
        while let Some(result) = requests.join_next().await {
            let (time, second, answer) = result?;
            let other = match answer {
                Ok(Ok((200, _))) => {
                    *phase.good.entry(second).or_default() += 1;
                    phase.good_latencies.add(time);
                    continue;
                }
                Ok(Ok((503, retry_after))) => {
                    phase.rejections.add(time);
                    phase.without_retry_after += u64::from(!retry_after);
                    continue;
                }
                Ok(Ok((status, _))) => status.to_string(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            *phase.others.entry(other).or_default() += 1;
        }
        Ok(phase)
    }

    /// Sends a request; returns the status and whether the response has `Retry-After`.
    async fn send(&self) -> std::io::Result<(u16, bool)> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let path = format!("/assets/a%7C{number}/job-logs?companyHandle=c%7C110");
        let free = self.pool.lock().await.pop();
        let mut connection = match free {
            Some((connection, since)) if since.elapsed() < MAX_IDLE => connection,
            _ => Connection::open(self.gateway).await?,
        };
        let answer = connection.call(&request("GET", &path, "user@example.com", "secret", "")).await?;
        let has_retry_after = answer.header("retry-after").is_some();
        if Connection::is_reusable_after(&answer) {
            self.pool.lock().await.push((connection, Instant::now()));
        }
        Ok((answer.status, has_retry_after))
    }
}
