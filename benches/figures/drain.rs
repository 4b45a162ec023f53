//! Graceful shutdown with 1,000 open event streams.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::{Connection, request};
use crate::process::{Process, require_open_files};
use crate::{Figure, Result, Scale};

/// Number of event streams.
const STREAMS: u32 = 1_000;
/// Drain delay of the gateway.
const DRAIN_DELAY: Duration = Duration::from_secs(2);
/// Upper bound of the target for the exit after the drain delay.
const MAX_EXIT_TIME: Duration = Duration::from_secs(1);

/// End of an event stream.
struct StreamEnd {
    /// Whether the response ended with its last chunk, not only the connection.
    is_complete: bool,
    /// Whether the stream had a `retry` field.
    has_retry: bool,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let streams = scale.count(STREAMS);
    require_open_files(u64::from(streams) + 500)?;
    let sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let delay = format!("{}s", DRAIN_DELAY.as_secs());
    let settings = [("DRAIN_DELAY", delay.as_str())];
    let mut gateway = Process::gateway(&sandbox.service_url(), &settings)?;
    let address = gateway.address;

    let mut open = Vec::new();
    for number in 0..streams {
        open.push(open_stream(address, number).await?);
    }
    let listeners: Vec<_> = open
        .into_iter()
        .map(|(mut connection, mut received)| {
            tokio::spawn(async move {
                let mut piece = [0; 4_096];
                while let Ok(bytes @ 1..) = connection.read(&mut piece).await {
                    received.extend_from_slice(&piece[..bytes]);
                }
                let text = String::from_utf8_lossy(&received);
                StreamEnd { is_complete: text.ends_with("0\r\n\r\n"), has_retry: text.contains("retry:") }
            })
        })
        .collect();

    gateway.terminate()?;
    let signalled = Instant::now();
    let status = gateway.wait_for_exit().await?;
    let took = signalled.elapsed();
    let mut cut = 0;
    let mut silent = 0;
    for listener in listeners {
        let ended = listener.await?;
        cut += u32::from(!ended.is_complete);
        silent += u32::from(!ended.has_retry);
    }
    let after = took.saturating_sub(DRAIN_DELAY);
    Ok(Figure {
        load: format!("SIGTERM with {streams} event streams open, drain delay {delay}"),
        target: "exit within 1 s after the drain delay",
        measured: format!(
            "{:.0} ms after it, {status}; {cut} streams cut off, {silent} without `retry`",
            after.as_secs_f64() * 1e3
        ),
        reached: after <= MAX_EXIT_TIME && took >= DRAIN_DELAY && status.success() && cut == 0 && silent == 0,
    })
}

/// Opens an event stream and reads its first snapshot; returns the bytes received so far.
async fn open_stream(gateway: SocketAddr, number: u32) -> Result<(Connection, Vec<u8>)> {
    let users = [("katlyn@example.com", "sandbox-katlyn"), ("agency@example.com", "sandbox-agency")];
    let (user, password) = users[number as usize % users.len()];
    let mut connection = Connection::open(gateway).await?;
    let path = "/jobs/events?companyHandle=c%7C110";
    connection.send(request("GET", path, user, password, "").as_bytes()).await?;
    let mut received = Vec::new();
    while !received.windows(9).any(|window| window == b"snapshot\n") {
        let mut piece = [0; 4_096];
        let bytes = connection.read(&mut piece).await?;
        if bytes == 0 {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&received)).into());
        }
        received.extend_from_slice(&piece[..bytes]);
    }
    Ok((connection, received))
}
