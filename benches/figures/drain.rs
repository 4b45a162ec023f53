//! SIGTERM with a thousand event streams open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::{Connection, request};
use crate::process::{Process, need_open_files};
use crate::{Figure, Result, Scale};

const STREAMS: u32 = 1_000;
const DELAY: Duration = Duration::from_secs(2);
const WITHIN: Duration = Duration::from_secs(1);

/// How a stream ended.
struct Ended {
    /// With a last chunk: the end of the answer, and not of the connection alone.
    in_good_order: bool,
    /// It said before when to come again.
    says_retry: bool,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let streams = scale.count(STREAMS);
    need_open_files(u64::from(streams) + 500)?;
    let sandbox = Process::sandbox(([127, 0, 0, 1], 0).into())?;
    let delay = format!("{}s", DELAY.as_secs());
    let settings = [("DRAIN_DELAY", delay.as_str())];
    let mut gateway = Process::gateway(&sandbox.service(), &settings)?;
    let address = gateway.address;

    let mut open = Vec::new();
    for number in 0..streams {
        open.push(listen(address, number).await?);
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
                Ended { in_good_order: text.ends_with("0\r\n\r\n"), says_retry: text.contains("retry:") }
            })
        })
        .collect();

    gateway.terminate()?;
    let told = Instant::now();
    let status = gateway.end().await?;
    let took = told.elapsed();
    let mut cut = 0;
    let mut silent = 0;
    for listener in listeners {
        let ended = listener.await?;
        cut += u32::from(!ended.in_good_order);
        silent += u32::from(!ended.says_retry);
    }
    let after = took.saturating_sub(DELAY);
    Ok(Figure {
        load: format!("SIGTERM with {streams} event streams open, drain delay {delay}"),
        target: "exit within 1 s after the drain delay",
        measured: format!(
            "{:.0} ms after it, {status}; {cut} streams cut off, {silent} without `retry`",
            after.as_secs_f64() * 1e3
        ),
        reached: after <= WITHIN && took >= DELAY && status.success() && cut == 0 && silent == 0,
    })
}

/// A stream, and what came of it so far.
async fn listen(gateway: SocketAddr, number: u32) -> Result<(Connection, Vec<u8>)> {
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
