//! File descriptors: too many clients are refused before submits lack them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::ORDINARY;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::any_job;
use crate::support::process::Process;

/// File descriptors of the gateway: 300 less 2 for each of 64 calls to IPS and 128 others are 44 for clients.
const FILES: u32 = 300;
const SERVED: usize = 44;

/// Sends a request, and returns the answer with a body; `None` if the connection is closed.
async fn exchange(socket: &mut TcpStream, request: &str) -> Option<String> {
    socket.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let read = timeout(Duration::from_secs(20), socket.read_buf(&mut answer)).await.expect("an answer in time");
        if read.unwrap_or(0) == 0 {
            return None;
        }
    }
}

fn submit(number: usize) -> String {
    let login = STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    let body = any_job(&format!("job-{number}")).to_string();
    format!(
        "POST /jobs HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {login}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_clients_are_refused_before_submits_lack_file_descriptors() {
    let config = SandboxConfig { clock: Clock::system(), population: Population::Empty, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).expect("a free port");
    let version = ("IPS_GATEWAY_API_VERSION", sandbox.version().as_str());
    let process = Process::serve_with_files(FILES, &sandbox.url(), &[version]);
    let address = process.url.trim_start_matches("http://").to_owned();
    let (mut served, mut refused) = (Vec::new(), 0);
    for _ in 0..2 * FILES {
        let mut socket = TcpStream::connect(&address).await.expect("the kernel accepts it");
        match exchange(&mut socket, "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n").await {
            Some(_) => served.push(socket),
            None => refused += 1,
        }
    }
    assert_eq!((served.len(), refused), (SERVED, 2 * FILES as usize - SERVED), "{}", process.stderr());
    // All clients submit at once, each with a connection to IPS.
    let submits = served.iter_mut().enumerate().map(|(number, socket)| async move {
        let answer = exchange(socket, &submit(number)).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    });
    join_all(submits).await;
    assert_eq!(sandbox.calls("submitJob"), SERVED as u64);
    let metrics = exchange(&mut served[0], "GET /metrics HTTP/1.1\r\nHost: gateway\r\n\r\n").await.expect("metrics");
    let counted = format!("ips_gateway_connections_refused_total{{reason=\"too_many\"}} {refused}\n");
    assert!(metrics.contains(&counted), "{metrics}");
    assert!(process.stderr().contains("fewer connections than configured"), "{}", process.stderr());
}
