//! Polls go on while IPS is killed and restarted.

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{Connection, request};
use crate::load::{Beat, Times};
use crate::process::Process;
use crate::{Figure, Result, Scale};

const POLLERS: u32 = 50;
const POLLS_PER_SECOND: u32 = 500;
const SECONDS: u32 = 600;
const OUTAGES: u32 = 50;

/// What is polled, and by whom.
const POLLS: &[(&str, &str, &str)] = &[
    ("katlyn@example.com", "sandbox-katlyn", "/jobs"),
    ("katlyn@example.com", "sandbox-katlyn", "/jobs?companyHandle=c%7C110"),
    ("henrik@example.com", "sandbox-henrik", "/jobs?companyHandle=c%7C47"),
    ("agency@example.com", "sandbox-agency", "/jobs?company=Sample%20Furniture"),
    ("reader@example.com", "sandbox-reader", "/jobs?phase=active,scheduled,completed&limit=20"),
];

/// What became of the polls of one poller.
#[derive(Default)]
struct Polled {
    times: Times,
    failures: Vec<String>,
    stale: u64,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let lasting = scale.seconds(SECONDS);
    let outages = scale.count(OUTAGES);
    let mut sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let gateway = Process::gateway(&sandbox.service(), &[])?;
    let address = gateway.address;
    for (user, password, path) in POLLS {
        let answer = Connection::open(address).await?.call(&request("GET", path, user, password, "")).await?;
        if answer.status != 200 {
            return Err(format!("{path}: {}", answer.status).into());
        }
    }
    let pollers: Vec<_> = (0..POLLERS).map(|number| tokio::spawn(poll(address, number as usize, lasting))).collect();

    let period = lasting / outages;
    let killed_at = sandbox.address;
    for _ in 0..outages {
        tokio::time::sleep(period / 2).await;
        drop(sandbox);
        tokio::time::sleep(period / 2).await;
        sandbox = Process::sandbox(killed_at)?;
    }

    let mut all = Polled::default();
    for poller in pollers {
        let polled = poller.await?;
        all.times.extend(polled.times);
        all.failures.extend(polled.failures);
        all.stale += polled.stale;
    }
    for failure in all.failures.iter().take(5) {
        eprintln!("{failure}");
    }
    let (count, failed) = (all.times.count(), all.failures.len());
    let seconds = lasting.as_secs();
    Ok(Figure {
        load: format!(
            "{POLLS_PER_SECOND} polls/s for {seconds} s, IPS killed and restarted {outages} times, away half of the time"
        ),
        target: "0 failed",
        measured: format!(
            "{failed} of {count} failed; {} were marked as stale; p99 {:.1} ms",
            all.stale,
            all.times.per_mille(990)
        ),
        reached: failed == 0 && count as u64 >= u64::from(POLLS_PER_SECOND) * seconds * 99 / 100,
    })
}

async fn poll(address: SocketAddr, number: usize, lasting: Duration) -> Polled {
    let mut polled = Polled::default();
    let mut beat = Beat::new(Duration::from_secs(POLLERS.into()) / POLLS_PER_SECOND, lasting);
    let (mut connection, mut tags) = (None, vec![String::new(); POLLS.len()]);
    let mut turn = number;
    while let Some(due) = beat.next().await {
        turn += 1;
        let (user, password, path) = POLLS[turn % POLLS.len()];
        let tag = &mut tags[turn % POLLS.len()];
        let headers =
            if tag.is_empty() || turn.is_multiple_of(3) { String::new() } else { format!("If-None-Match: {tag}\r\n") };
        let asked = async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(address).await?,
            };
            let answer = open.call(&request("GET", path, user, password, &headers)).await?;
            if Connection::goes_on(&answer) {
                connection = Some(open);
            }
            std::io::Result::Ok(answer)
        };
        match asked.await {
            Ok(answer) if matches!(answer.status, 200 | 304) => {
                answer.header("etag").unwrap_or_default().clone_into(tag);
                polled.stale +=
                    u64::from(answer.header("cache-status").is_some_and(|how| how.contains("upstream-failed")));
            }
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                polled.failures.push(format!("{path}: {} {body}", answer.status));
            }
            Err(error) => polled.failures.push(format!("{path}: {error}")),
        }
        polled.times.add(due.elapsed());
    }
    polled
}
