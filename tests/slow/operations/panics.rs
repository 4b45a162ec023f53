//! Panics in metrics and logs.

use std::process::Command;
use std::thread;

use ips_gateway::config::LogFormat;
use ips_gateway::telemetry;
use ips_gateway::telemetry::metrics::Metrics;

/// Set in the process that panics: this test, run anew by itself.
const PANIC_HERE: &str = "TEST_PANICS_HERE";

#[test]
fn a_panic_is_counted_and_logged_without_its_message() {
    if std::env::var_os(PANIC_HERE).is_some() {
        let metrics = Metrics::install();
        let _telemetry = telemetry::init(LogFormat::Json).expect("it can log");
        let ended = thread::spawn(|| panic!("{}-password", "hidden")).join();
        assert!(ended.is_err());
        print!("{}", metrics.render());
        return;
    }
    let this = std::env::current_exe().expect("a test has a file");
    let name = "operations::panics::a_panic_is_counted_and_logged_without_its_message";
    let mut command = Command::new(this);
    command.args(["--exact", name, "--nocapture"]).env(PANIC_HERE, "1").env_remove("RUST_BACKTRACE");
    let output = command.env_remove("RUST_LOG").output().expect("it can be run");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("\nips_gateway_panics_total 1\n"), "{stdout}");
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    let line: serde_json::Value = serde_json::from_str(lines[0]).expect("JSON");
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"panicked".into()), "{line:#}");
    assert!(line["at"].as_str().is_some_and(|at| at.contains("panics.rs:")), "{line:#}");
    assert!(!stderr.contains("hidden-password"), "{stderr}");
}
