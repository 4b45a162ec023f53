//! Polls during outages: IPS is killed and restarted repeatedly.

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{Connection, request};
use crate::load::{Latencies, Pacer};
use crate::process::Process;
use crate::{Figure, Result, Scale};

const POLLERS: u32 = 50;
const POLLS_PER_SECOND: u32 = 500;
const SECONDS: u32 = 600;
const OUTAGES: u32 = 50;

/// User, password and path of the polls.
const POLLS: &[(&str, &str, &str)] = &[
    ("katlyn@example.com", "sandbox-katlyn", "/jobs"),
    ("katlyn@example.com", "sandbox-katlyn", "/jobs?companyHandle=c%7C110"),
    ("henrik@example.com", "sandbox-henrik", "/jobs?companyHandle=c%7C47"),
    ("agency@example.com", "sandbox-agency", "/jobs?company=Sample%20Furniture"),
    ("reader@example.com", "sandbox-reader", "/jobs?phase=active,scheduled,completed&limit=20"),
];

/// Results of the polls of one poller.
#[derive(Default)]
struct Polled {
    latencies: Latencies,
    failures: Vec<String>,
    stale: u64,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let duration = scale.seconds(SECONDS);
    let outages = scale.count(OUTAGES);
    let mut sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let gateway = Process::gateway(&sandbox.service_url(), &[])?;
    let address = gateway.address;
    for (user, password, path) in POLLS {
        let answer = Connection::open(address).await?.call(&request("GET", path, user, password, "")).await?;
        if answer.status != 200 {
            return Err(format!("{path}: {}", answer.status).into());
        }
    }
    let pollers: Vec<_> = (0..POLLERS).map(|number| tokio::spawn(poll(address, number as usize, duration))).collect();

    let period = duration / outages;
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
        all.latencies.extend(polled.latencies);
        all.failures.extend(polled.failures);
        all.stale += polled.stale;
    }
    for failure in all.failures.iter().take(5) {
        eprintln!("{failure}");
    }
    let (count, failed) = (all.latencies.count(), all.failures.len());
    let seconds = duration.as_secs();
    Ok(Figure {
        load: format!(
            "{POLLS_PER_SECOND} polls/s for {seconds} s, IPS killed and restarted {outages} times, away half of the time"
        ),
        target: "0 failed",
        measured: format!(
            "{failed} of {count} failed; {} were marked as stale; p99 {:.1} ms",
            all.stale,
            all.latencies.per_mille(990)
        ),
        reached: failed == 0 && count as u64 >= u64::from(POLLS_PER_SECOND) * seconds * 99 / 100,
    })
}

async fn poll(address: SocketAddr, number: usize, duration: Duration) -> Polled {
    let mut polled = Polled::default();
    let mut pacer = Pacer::new(Duration::from_secs(POLLERS.into()) / POLLS_PER_SECOND, duration);
    let (mut connection, mut tags) = (None, vec![String::new(); POLLS.len()]);
    let mut poll_number = number;
    while let Some(due) = pacer.next().await {
        poll_number += 1;
        let (user, password, path) = POLLS[poll_number % POLLS.len()];
        let tag = &mut tags[poll_number % POLLS.len()];
        let headers = if tag.is_empty() || poll_number.is_multiple_of(3) {
            String::new()
        } else {
            format!("If-None-Match: {tag}\r\n")
        };
        let polling = async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(address).await?,
            };
            let answer = open.call(&request("GET", path, user, password, &headers)).await?;
            if Connection::is_reusable_after(&answer) {
                connection = Some(open);
            }
            std::io::Result::Ok(answer)
        };
        match polling.await {
            Ok(answer) if matches!(answer.status, 200 | 304) => {
                answer.header("etag").unwrap_or_default().clone_into(tag);
                polled.stale +=
                    u64::from(answer.header("cache-status").is_some_and(|status| status.contains("upstream-failed")));
            }
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                polled.failures.push(format!("{path}: {} {body}", answer.status));
            }
            Err(error) => polled.failures.push(format!("{path}: {error}")),
        }
        polled.latencies.add(due.elapsed());
    }
    polled
}
