//! 1,000 clients that request a list of 2.2 MB and stop reading it.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::client::{Connection, request};
use crate::process::{Process, require_open_files};
use crate::upstream::{Upstream, job_array, running_job};
use crate::{Figure, Result, Scale};

/// Number of clients.
const READERS: u32 = 1_000;
/// Number of clients that connect at the same time.
const OPENED_AT_ONCE: usize = 20;
/// Number of jobs in the list.
const JOBS: u32 = 1_000;
/// Length of a description, in bytes: it makes the list as long as one of publishes.
const DESCRIPTION_BYTES: usize = 1_600;
/// Receive buffer of a client, in bytes.
const RECEIVE_BUFFER: u32 = 4_096;
const USER: &str = "katlyn@example.com";
/// Upper bound of the target for the memory beyond that of the cached list, in MB.
const MAX_MEGABYTES: f64 = 100.0;

pub async fn measure(scale: Scale) -> Result<Figure> {
    let readers = scale.count(READERS);
    require_open_files(u64::from(readers) + 500)?;
    let description = "x".repeat(DESCRIPTION_BYTES);
    let jobs = job_array((0..JOBS).map(|number| running_job(number, USER, &description)));
    let upstream = Upstream::start(move |call| {
        let jobs = if call.operation == "getActiveJobs" { jobs.clone() } else { String::new() };
        async move { jobs }
    });
    let upstream = upstream.await?;
    let settings = [("FRESH", "10m"), ("WRITE_TIMEOUT", "5m")];
    let gateway = Process::gateway(&upstream.service_url(), &settings)?;
    let request = request("GET", "/jobs?companyHandle=c%7C110", USER, "secret", "");
    let whole = Connection::open(gateway.address).await?.call(&request).await?;
    let bytes = whole.body.len();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = gateway.resident_megabytes()?;

    let stalled: Vec<_> = stream::iter(0..readers)
        .map(|_| async {
            let own = [127, 0, 0, 1].into();
            let mut connection = Connection::open_from(own, gateway.address, RECEIVE_BUFFER).await?;
            connection.send(request.as_bytes()).await?;
            // The head has arrived, so that the body is being written.
            connection.read(&mut [0; 16]).await?;
            Ok::<_, std::io::Error>(connection)
        })
        .buffer_unordered(OPENED_AT_ONCE)
        .try_collect()
        .await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let memory = gateway.resident_megabytes()? - idle;
    // The gateway still answers.
    let answer = Connection::open(gateway.address).await?.call(&request).await?;
    let megabytes = bytes as f64 / 1e6;
    Ok(Figure {
        load: format!("{} clients that stop reading a list of {megabytes:.1} MB", stalled.len()),
        target: "RSS ≤ 100 MB above that with the cached list",
        measured: format!("{memory:.0} MB above {idle:.0} MB; another client gets {}", answer.status),
        reached: memory <= MAX_MEGABYTES && answer.status == 200 && answer.body.len() == bytes,
    })
}
