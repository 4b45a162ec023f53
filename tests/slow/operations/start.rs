//! What is known at the start: the log line, `serve --check`, and the credentials of the service account.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use ips_gateway::http::{Role, new_key};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::BOTH_COMPANIES;
use ips_gateway::sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::support::http_client;
use crate::support::process::Process;

/// The longest wait for the check at the start.
const LIMIT: Duration = Duration::from_secs(20);

fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig { clock: Clock::system(), ..SandboxConfig::default() }).expect("a free port")
}

/// The settings of a service account with this password.
fn service_account(name: &str, password: &str) -> Vec<(&'static str, String)> {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("start-{name}.toml"));
    std::fs::write(&file, new_key("any", Role::Viewer, &[]).expect("random bytes").1).expect("a file");
    vec![
        ("IPS_GATEWAY_SERVICE_USER", BOTH_COMPANIES.email.to_owned()),
        ("IPS_GATEWAY_SERVICE_PASSWORD", password.to_owned()),
        ("IPS_GATEWAY_API_KEYS_FILE", file.to_str().expect("UTF-8").to_owned()),
        ("IPS_GATEWAY_API_VERSION", "2022-11-01-beta".to_owned()),
    ]
}

async fn check(upstream: &str, settings: &[(&'static str, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"));
    command.args(["serve", "--check"]).env_clear().env("IPS_GATEWAY_UPSTREAM_URL", upstream);
    command.env("IPS_GATEWAY_LISTEN", "127.0.0.1:0").envs(settings.iter().map(|(name, value)| (*name, value)));
    // The sandbox runs in this process.
    tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("the binary can be run")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_log_line_names_version_upstream_and_changed_settings_without_secrets() {
    let sandbox = sandbox();
    let settings = service_account("log", "hidden-password");
    let mut variables: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([("IPS_GATEWAY_FRESH", "3s"), ("IPS_GATEWAY_STALE_IF_ERROR", "5m")]);
    let exited = Process::serve(&sandbox.url(), &variables).terminate().await;
    let lines = exited.lines();
    let started: Vec<_> = lines.iter().filter(|line| line["message"] == "started").collect();
    assert_eq!(started.len(), 1, "{}", exited.stderr);
    let (line, settings) = (started[0], started[0]["settings"].as_str().expect("settings"));
    assert_eq!(
        (&line["version"], &line["upstream"], &line["api_version"]),
        (&env!("CARGO_PKG_VERSION").into(), &sandbox.url().into(), &"2022-11-01-beta".into())
    );
    assert!(settings.contains("fresh=3s") && settings.contains("service_password=[redacted]"), "{settings}");
    assert!(!settings.contains("stale_if_error"), "the default: {settings}");
    assert!(!exited.stderr.contains("hidden-password") && !exited.stderr.contains(BOTH_COMPANIES.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_of_the_service_account_is_known_before_the_first_caller() {
    let sandbox = sandbox();
    for (name, password, expected) in [("right", BOTH_COMPANIES.password, "accepted"), ("wrong", "wrong", "rejected")] {
        let calls = sandbox.calls("getCompanyMembership");
        let settings = service_account(name, password);
        let variables: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let gateway = Process::serve(&sandbox.url(), &variables);
        let found = async {
            loop {
                let verbose =
                    http_client().get(format!("{}/readyz?verbose", gateway.url)).send().await.expect("an answer");
                assert_eq!(verbose.status(), 200, "readiness does not depend on it");
                let checks: Value = serde_json::from_str(&verbose.text().await.expect("text")).expect("JSON");
                match checks["checks"]["serviceAccount"]["credentials"].as_str() {
                    Some("unknown") => sleep(Duration::from_millis(20)).await,
                    credentials => return credentials.map(ToOwned::to_owned),
                }
            }
        };
        assert_eq!(timeout(LIMIT, found).await.expect("it is checked").as_deref(), Some(expected));
        let exited = gateway.terminate().await;
        let logged = exited.stderr.contains("IPS rejects the credentials of the service account");
        assert_eq!(logged, expected == "rejected", "{}", exited.stderr);
        assert_eq!(sandbox.calls("getCompanyMembership"), calls + 1, "it is checked once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_exits_with_0_or_says_what_is_wrong() {
    let sandbox = sandbox();
    let store = ("IPS_GATEWAY_SHARED_CACHE_URL", "redis://127.0.0.1:1".to_owned());
    let key = ("IPS_GATEWAY_SHARED_CACHE_KEY", "0123456789-0123456789-0123456789".to_owned());
    let nowhere = "http://127.0.0.1:1/".to_owned();
    for (upstream, settings, code, expected) in [
        (sandbox.url(), vec![], 0, "IPS: reachable"),
        (sandbox.url(), service_account("check", BOTH_COMPANIES.password), 0, "IPS: accepts the service account"),
        (sandbox.url(), service_account("check-wrong", "wrong"), 1, "IPS: call with the service account: "),
        (nowhere, vec![], 1, "IPS: "),
        (sandbox.url(), vec![store, key], 1, "shared store: unavailable: refused"),
        (sandbox.url(), vec![("IPS_GATEWAY_FRESH", "soon".to_owned())], 2, "invalid settings"),
    ] {
        let output = check(&upstream, &settings).await;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{expected}: {said}");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("0123456789") && !said.contains("panicked"), "{said}");
    }
}
