//! The cache filled by 10,000 callers.

use tokio::task::JoinSet;

use crate::client::{Connection, request};
use crate::process::Process;
use crate::upstream::{Upstream, job_array, running_job};
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
        job_array((0..JOBS).map(|number| running_job(number, &user, "The nightly publish")))
    });
    let upstream = upstream.await?;
    let capacity = format!("{CAPACITY}MiB");
    let settings = [("FRESH", "10m"), ("CACHE_SIZE", capacity.as_str())];
    let gateway = Process::gateway(&upstream.service_url(), &settings)?;
    let idle = gateway.resident_megabytes()?;
    let address = gateway.address;

    let mut connections = JoinSet::new();
    for first in 0..CONNECTIONS {
        connections.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let (mut failures, mut bytes) = (0, 0);
            for number in (first..callers).step_by(CONNECTIONS as usize) {
                let user = format!("user-{number}@example.com");
                let answer =
                    connection.call(&request("GET", "/jobs?companyHandle=c%7C110", &user, "secret", "")).await?;
                failures += u32::from(answer.status != 200);
                bytes += answer.body.len();
            }
            Ok::<(u32, usize), std::io::Error>((failures, bytes))
        });
    }
    let (mut failures, mut bytes) = (0, 0);
    while let Some(result) = connections.join_next().await {
        let (failed, received) = result??;
        failures += failed;
        bytes += received;
    }
    let memory = gateway.resident_megabytes()? - idle;
    let ratio = memory * 1e6 / (CAPACITY * 1024.0 * 1024.0);
    let answered = bytes as f64 / 1e6;
    Ok(Figure {
        load: format!(
            "{callers} callers with lists of {JOBS} jobs ({answered:.0} MB in all), cache capacity {CAPACITY} MiB"
        ),
        target: "RSS ≤ 1.25 capacities above that of the idle gateway",
        measured: format!("{memory:.0} MB above {idle:.0} MB: {ratio:.2} capacities; {failures} failed"),
        reached: ratio <= MAX_RATIO && failures == 0,
    })
}
