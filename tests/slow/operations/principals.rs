//! Names of principals in log lines, and SIGHUP, which reloads and ends nothing.

use std::path::PathBuf;
use std::time::Duration;

use ips_gateway::http::{Role, new_key};
use reqwest::RequestBuilder;
use tokio::time::{sleep, timeout};

use crate::support::process::Process;
use crate::support::{ScriptedUpstream, http_client};

/// The longest wait for an effect of a signal.
const LIMIT: Duration = Duration::from_secs(20);

async fn answer(request: RequestBuilder, id: &str) -> u16 {
    request.header("X-Request-Id", id).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_log_line_names_an_ips_user_by_a_hash_that_depends_on_the_key_and_not_on_the_password() {
    let upstream = ScriptedUpstream::start().await;
    let mut names = Vec::new();
    for key in [
        "0123456789-0123456789-0123456789-a",
        "0123456789-0123456789-0123456789-a",
        "0123456789-0123456789-0123456789-b",
    ] {
        let gateway = Process::serve(upstream.url(), &[("IPS_GATEWAY_PRINCIPAL_KEY", key)]);
        let get = || http_client().get(format!("{}/jobs?companyHandle=c%7C110", gateway.url));
        answer(get().basic_auth("katlyn@example.com", Some("one")), "first").await;
        answer(get().basic_auth("Katlyn@example.com", Some("two")), "second").await;
        answer(get().basic_auth("henrik@example.com", Some("one")), "other").await;
        answer(get().bearer_auth("token-1"), "token").await;
        answer(get(), "nobody").await;
        let exited = gateway.terminate().await;
        let lines = exited.requests();
        let principal = |id: &str| {
            let line = lines.iter().find(|line| line["request_id"] == id).unwrap_or_else(|| panic!("no {id}"));
            line["principal"].as_str().map(ToOwned::to_owned)
        };
        let first = principal("first").expect("a principal");
        assert!(first.starts_with("user:"), "{first}");
        assert_eq!(principal("second").as_ref(), Some(&first));
        assert_ne!(principal("other").expect("a principal"), first);
        assert!(principal("token").expect("a principal").starts_with("token:"));
        assert_eq!(principal("nobody"), None);
        for private in ["katlyn", "Katlyn", "henrik", "token-1", key] {
            assert!(!exited.stderr.contains(private), "{private} is in\n{}", exited.stderr);
        }
        names.push(first);
    }
    assert_eq!(names[0], names[1], "the same key");
    assert_ne!(names[0], names[2], "another key");
}

#[tokio::test]
async fn sighup_reloads_the_keys_and_opens_the_audit_log_again_and_ends_nothing() {
    let upstream = ScriptedUpstream::start().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (keys, audit, rotated) =
        (folder.join("hangup-keys.toml"), folder.join("hangup.jsonl"), folder.join("hangup.jsonl.1"));
    for file in [&audit, &rotated] {
        // From an earlier run.
        let _ = std::fs::remove_file(file);
    }
    let (first, first_entry) = new_key("first", Role::Operator, &[]).expect("random bytes");
    let (second, second_entry) = new_key("second", Role::Operator, &[]).expect("random bytes");
    std::fs::write(&keys, &first_entry).expect("a file");
    let settings = [
        ("IPS_GATEWAY_SERVICE_USER", "service@example.com"),
        ("IPS_GATEWAY_SERVICE_PASSWORD", "hidden"),
        ("IPS_GATEWAY_API_KEYS_FILE", keys.to_str().expect("UTF-8")),
        ("IPS_GATEWAY_AUDIT_LOG", audit.to_str().expect("UTF-8")),
    ];
    let gateway = Process::serve(upstream.url(), &settings);
    let stop = |key: &str| http_client().post(format!("{}/jobs", gateway.url)).bearer_auth(key).body("{}");
    let events = http_client().get(format!("{}/jobs/events?companyHandle=c%7C110", gateway.url)).bearer_auth(&first);
    let mut stream = events.send().await.expect("a stream");
    stream.chunk().await.expect("it is open").expect("it begins");
    answer(stop(&first), "before").await;

    std::fs::rename(&audit, &rotated).expect("it is written");
    std::fs::write(&keys, format!("{first_entry}\n{second_entry}")).expect("a file");
    gateway.signal("HUP");
    let accepted = async {
        while !audit.exists() || answer(stop(&second), "after").await == 401 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, accepted).await.expect("the signal has an effect");
    let (before, after) =
        (std::fs::read_to_string(&rotated).expect("text"), std::fs::read_to_string(&audit).expect("text"));
    assert!(
        before.contains("\"principal\":\"first\"") && after.contains("\"principal\":\"second\""),
        "{before}{after}"
    );
    assert!(timeout(Duration::from_millis(300), stream.chunk()).await.is_err(), "the stream is open and silent");
    let exited = gateway.terminate().await;
    let named = |line: &&serde_json::Value| line["request_id"] == "before" && line["principal"] == "first";
    assert_eq!(exited.requests().iter().filter(named).count(), 1, "{}", exited.stderr);
    assert!(exited.status.success(), "{}", exited.stderr);
}
