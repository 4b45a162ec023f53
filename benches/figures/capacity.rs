//! The cache filled by 10,000 callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::client::{Connection, request};
use crate::process::Process;
use crate::upstream::{Upstream, running_job};
use crate::{Figure, Result, Scale};

/// Number of callers, each with a list of its own.
const CALLERS: u32 = 10_000;
/// Number of jobs in a list.
const JOBS: u32 = 20;
/// Number of connections.
const CONNECTIONS: u32 = 8;
/// Cache capacity in MiB.
const CAPACITY: f64 = 64.0;
/// Upper bound of the target: memory beyond that of the idle gateway, in capacities.
const MAX_RATIO: f64 = 1.25;

pub async fn measure(scale: Scale) -> Result<Figure> {
    let callers = scale.count(CALLERS);
    let upstream = Upstream::start(|call| async move {
        let user = call.element("user").to_owned();
        if call.operation != "getActiveJobs" {
            return String::new();
        }
        format!(
            "<jobArray>{}</jobArray>",
            (0..JOBS).map(|number| running_job(number, &user, "The nightly publish")).collect::<String>()
        )
    });
    let upstream = upstream.await?;
    let capacity = format!("{CAPACITY}MiB");
    let settings = [("FRESH", "10m"), ("CACHE_SIZE", capacity.as_str())];
    let gateway = Process::gateway(&upstream.service_url(), &settings)?;
    let idle = gateway.resident_megabytes()?;
    let address = gateway.address;

    let mut connections = JoinSet::new();
    let bytes = Arc::new(AtomicUsize::new(0));
    for first in 0..CONNECTIONS {
        let bytes = Arc::clone(&bytes);
        connections.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut failures = 0;
            for number in (first..callers).step_by(CONNECTIONS as usize) {
                let user = format!("user-{number}@example.com");
                let answer =
                    connection.call(&request("GET", "/jobs?companyHandle=c%7C110", &user, "secret", "")).await?;
                failures += u32::from(answer.status != 200);
                bytes.fetch_add(answer.body.len(), Ordering::Relaxed);
            }
            Ok::<u32, std::io::Error>(failures)
        });
    }
    let mut failures = 0;
    while let Some(result) = connections.join_next().await {
        failures += result??;
    }
    let memory = gateway.resident_megabytes()? - idle;
    let ratio = memory * 1e6 / (CAPACITY * 1024.0 * 1024.0);
    let answered = bytes.load(Ordering::Relaxed) as f64 / 1e6;
    Ok(Figure {
        load: format!(
            "{callers} callers with lists of {JOBS} jobs ({answered:.0} MB in all), cache capacity {CAPACITY} MiB"
        ),
        target: "RSS ≤ 1.25 capacities above that of the idle gateway",
        measured: format!("{memory:.0} MB above {idle:.0} MB: {ratio:.2} capacities; {failures} failed"),
        reached: ratio <= MAX_RATIO && failures == 0,
    })
}
