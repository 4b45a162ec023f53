//! A stderr that is not read stops neither requests nor the exit.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::support::http_client;

/// Process that is killed on drop.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Longer than any wait of the test.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn requests_and_the_shutdown_do_not_wait_for_a_stderr_that_is_not_read() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"));
    command.arg("serve").env_clear().env("IPS_GATEWAY_LISTEN", "127.0.0.1:0");
    command.env("IPS_GATEWAY_UPSTREAM_URL", "http://127.0.0.1:9/").env("IPS_GATEWAY_LOG_FORMAT", "json");
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = KilledOnDrop(command.spawn().expect("the binary can be run"));
    let mut url = String::new();
    BufReader::new(child.0.stdout.take().expect("it is piped")).read_line(&mut url).expect("a first line");
    let url = url.trim_end();
    // A pipe holds 64 KiB, some hundred lines; the writer holds 8,192 lines.
    let client = http_client();
    for _ in 0..12_000 {
        let response = client.get(format!("{url}/livez")).send();
        let response = timeout(LONG, response).await.expect("it does not wait").expect("a response");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("a body");
    }
    let metrics = client.get(format!("{url}/metrics")).send().await.expect("a response").text().await.expect("a text");
    let dropped = metrics.lines().find_map(|line| line.strip_prefix("ips_gateway_log_lines_dropped_total "));
    assert!(dropped.is_some_and(|count| count != "0"), "{dropped:?}");
    let kill = Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status();
    assert!(kill.expect("kill can be run").success());
    let exited = async {
        loop {
            match child.0.try_wait().expect("a status") {
                Some(status) => return status,
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    assert_eq!(timeout(LONG, exited).await.expect("it exits").code(), Some(0));
}
