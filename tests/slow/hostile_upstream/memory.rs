//! The memory bound of large answers.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::upstream::{Behaviour, HostileUpstream};
use super::{document, head};
use crate::support::http_client;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The peak resident memory of a process, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A gzip bomb of spaces.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![b' '; 1 << 20];
    (0..bytes >> 20).for_each(|_| encoder.write_all(&block).expect("compressed"));
    encoder.finish().expect("compressed")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn large_answers_and_gzip_bombs_take_at_most_the_limit_and_16_mb() {
    let bomb = bomb(192 << 20);
    let bomb =
        [head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len())).into_bytes(), bomb].concat();
    let large = format!("{}{}", " ".repeat((64 << 20) - 8), "<a></a>");
    let endless =
        Behaviour::Drip(head("Connection: close\r\n").into_bytes(), vec![b' '; 1 << 20], std::time::Duration::ZERO);
    for (what, behaviour) in
        [("a bomb", Behaviour::Send(bomb)), ("64 MiB", document(&large)), ("endless bytes", endless)]
    {
        let upstream = HostileUpstream::start().await;
        upstream.set("getActiveJobs", behaviour);
        let command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"))
            .args(["serve", "--listen", "127.0.0.1:0", "--upstream-url", &upstream.url])
            // The memory is measured, not the time that a loaded machine takes.
            .args(["--upstream-timeout", "2m"])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn();
        let mut gateway = Running(command.expect("it starts"));
        let mut line = String::new();
        BufReader::new(gateway.0.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        let base = line.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{line}"));
        let client = http_client();
        let get =
            |path: &str| client.get(format!("{}{path}", base.trim_end_matches('/'))).basic_auth("a", Some("b")).send();
        get("/jobs?companyHandle=c%7C1&phase=scheduled").await.expect("an answer");
        let before = peak(gateway.0.id());
        let answer = get("/jobs?companyHandle=c%7C1").await.expect("an answer");
        assert_eq!(answer.status(), 502, "{what}: {}", answer.text().await.unwrap_or_default());
        let taken = peak(gateway.0.id()) - before;
        assert!(taken <= (64 << 10) + 16_000, "{what} took {taken} KiB");
        println!("{what}: {taken} KiB");
    }
}
