//! Five times as much as can be done, then an IPS that is ten times slower for a while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{Connection, request};
use crate::load::{Beat, Times};
use crate::process::Process;
use crate::upstream::Upstream;
use crate::{Figure, Result, Scale};

/// Calls to IPS that may be under way at once, and how long IPS takes for each: so many a second can be done.
const CALLS: u32 = 16;
const SERVICE: Duration = Duration::from_millis(100);
const CAPACITY: u32 = 160;
const TIMES_SLOWER: u64 = 10;

const AT_CAPACITY_SECONDS: u32 = 30;
const OVERLOADED_SECONDS: u32 = 60;
const SLOW_SECONDS: u32 = 120;
/// After that it has to be as good as before.
const BACK_WITHIN: Duration = Duration::from_secs(10);
const SLOWEST_REFUSAL: f64 = 10.0;
/// A caller's patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of the requests of one stretch of time.
#[derive(Default)]
struct Stretch {
    /// When good answers came, in seconds from the beginning.
    good: BTreeMap<u64, u32>,
    good_times: Times,
    refusals: Times,
    /// 503 without `Retry-After`.
    rude: u64,
    others: BTreeMap<String, u64>,
}

impl Stretch {
    /// Good answers per second, without the first seconds.
    fn goodput(&self, from: u64, until: u64) -> f64 {
        let count: u32 = self.good.range(from..until).map(|(_, count)| count).sum();
        f64::from(count) / until.saturating_sub(from).max(1) as f64
    }
}

/// Connections that nobody uses at the moment, and since when: one that the gateway may be closing is no good.
type Pool = Arc<Mutex<Vec<(Connection, Instant)>>>;
const IDLE: Duration = Duration::from_secs(2);

/// Those who ask: each request is one that only IPS can answer, and no other asks the same.
struct Crowd {
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
            tokio::time::sleep(SERVICE * u32::try_from(factor.load(Ordering::Relaxed)).unwrap_or(1)).await;
            "<jobLogArray/>".to_owned()
        }
    });
    let upstream = upstream.await?;
    let calls = CALLS.to_string();
    let settings = [("UPSTREAM_CALLS", calls.as_str())];
    let gateway = Process::gateway(&upstream.service(), &settings)?;
    let crowd = Arc::new(Crowd { gateway: gateway.address, pool: Pool::default(), number: AtomicU64::new(0) });

    // As many as can be done: the peak.
    let at_capacity = scale.seconds(AT_CAPACITY_SECONDS).max(Duration::from_secs(5));
    let peak = crowd.offer(CAPACITY, at_capacity).await?;
    let peak = peak.goodput(2, at_capacity.as_secs());

    let overloaded = scale.seconds(OVERLOADED_SECONDS).max(Duration::from_secs(5));
    let mut overload = crowd.offer(5 * CAPACITY, overloaded).await?;
    let goodput = overload.goodput(2, overloaded.as_secs());
    let refusals = overload.refusals.count();
    let late = overload.refusals.per_mille(990);

    let slow = scale.seconds(SLOW_SECONDS);
    slower.store(TIMES_SLOWER, Ordering::Relaxed);
    let whole = slow + 2 * BACK_WITHIN;
    let again = Arc::clone(&slower);
    tokio::spawn(async move {
        tokio::time::sleep(slow).await;
        again.store(1, Ordering::Relaxed);
    });
    let mut slump = crowd.offer(5 * CAPACITY, whole).await?;
    let back = slow.as_secs() + BACK_WITHIN.as_secs();
    let recovered = slump.goodput(back, whole.as_secs());
    let back_after = (slow.as_secs()..whole.as_secs()).find(|second| slump.goodput(*second, second + 1) >= 0.9 * peak);
    let back_after = back_after.map_or("never".to_owned(), |second| format!("{} s", second - slow.as_secs() + 1));

    let rude = overload.rude + slump.rude;
    let mut others = overload.others;
    for (what, count) in slump.others {
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
            "{goodput:.0}/s of {peak:.0}/s ({:.0} %), good p99 {:.0} ms; {refusals} refused, p99 {late:.1} ms, {rude} without Retry-After, \
             others {others:?}; back after {back_after} ({recovered:.0}/s)",
            goodput / peak * 100.0,
            overload.good_times.per_mille(990),
        ),
        reached: goodput >= 0.9 * peak
            && recovered >= 0.9 * peak
            && refusals > 0
            && late <= SLOWEST_REFUSAL
            && rude == 0
            && others.is_empty()
            && slump.refusals.per_mille(990) <= 10.0 * SLOWEST_REFUSAL,
    })
}

impl Crowd {
    /// Asks so often a second, whatever becomes of what was asked before.
    async fn offer(self: &Arc<Self>, per_second: u32, lasting: Duration) -> Result<Stretch> {
        let began = Instant::now();
        let mut beat = Beat::new(Duration::from_secs(1) / per_second, lasting);
        let mut asked = JoinSet::new();
        while beat.next().await.is_some() {
            let crowd = Arc::clone(self);
            asked.spawn(async move {
                let asked = Instant::now();
                let answer = tokio::time::timeout(PATIENCE, crowd.ask()).await;
                (asked.elapsed(), began.elapsed().as_secs(), answer)
            });
        }
        let mut stretch = Stretch::default();
        while let Some(answered) = asked.join_next().await {
            let (time, second, answer) = answered?;
            let other = match answer {
                Ok(Ok((200, _))) => {
                    *stretch.good.entry(second).or_default() += 1;
                    stretch.good_times.add(time);
                    continue;
                }
                Ok(Ok((503, retry_after))) => {
                    stretch.refusals.add(time);
                    stretch.rude += u64::from(!retry_after);
                    continue;
                }
                Ok(Ok((status, _))) => status.to_string(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            *stretch.others.entry(other).or_default() += 1;
        }
        Ok(stretch)
    }

    /// The status, and whether it came with `Retry-After`.
    async fn ask(&self) -> std::io::Result<(u16, bool)> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let path = format!("/assets/a%7C{number}/job-logs?companyHandle=c%7C110");
        let free = self.pool.lock().await.pop();
        let mut connection = match free {
            Some((connection, since)) if since.elapsed() < IDLE => connection,
            _ => Connection::open(self.gateway).await?,
        };
        let answer = connection.call(&request("GET", &path, "user@example.com", "secret", "")).await?;
        let polite = answer.header("retry-after").is_some();
        if Connection::goes_on(&answer) {
            self.pool.lock().await.push((connection, Instant::now()));
        }
        Ok((answer.status, polite))
    }
}
