//! Errors of the command line, of credentials and of the gateway, on stderr and by exit status.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ips_gateway::sandbox::users::ORDINARY;
use serde_json::json;

use super::scripted_gateway::ScriptedGateway;
use super::{Client, Command, run};
use crate::support::World;

#[tokio::test]
async fn invalid_command_lines_end_with_64_since_2_is_an_outcome() {
    let client = Client::new("http://127.0.0.1:9");
    for arguments in [
        &["jobs", "wait"][..],
        &["jobs"],
        &["jobs", "wait", "x", "--retry-for", "soon"],
        &["jobs", "list", "--colour"],
        &["jobs", "watch", "--exit-status"],
        &["history", "--json", "--format", "csv"],
        &["jobs", "list", "--gateway", "nowhere"],
        &["jobs", "list", "--gateway", "http://user:secret@127.0.0.1/"],
        &["jobs", "submit", "/nowhere.json"],
    ] {
        let ended = client.run(arguments).await;
        assert_eq!(ended.code, Some(64), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{ended:?}");
    }
    assert_eq!(client.run(&["jobs", "wait", "--help"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_come_from_a_file_that_only_its_owner_can_read() {
    let world = World::seeded();
    let client = Client::new(format!("http://{}", world.gateway.address()));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli-credentials.toml");
    let contents = [
        format!("user = \"{}\"\npassword = \"{}\"\n", ORDINARY.email, ORDINARY.password),
        format!("token = \"{}\"\n", ORDINARY.access_token),
    ];
    for content in contents {
        // A file of an earlier run keeps its permissions.
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, &content).expect("a file");
        for (mode, code) in [(0o600, 0), (0o400, 0), (0o640, 64), (0o604, 64)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
            let mut command = client.command(&["jobs", "list", "--json"]);
            command
                .env_remove("IPS_GATEWAY_USER")
                .env_remove("IPS_GATEWAY_PASSWORD")
                .env("IPS_GATEWAY_CREDENTIALS", &path);
            let ended = run(command).await;
            assert_eq!(ended.code, Some(code), "{mode:o}: {ended:?}");
            assert_eq!(ended.stderr.contains("chmod 600"), code == 64, "{}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn unreadable_and_missing_credentials_are_reported_without_their_values() {
    let client = Client::new("http://127.0.0.1:9");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli-bad-credentials.toml");
    std::fs::write(&path, "password = hidden-password\n").expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    let file = client.run(&["jobs", "list", "--credentials", path.to_str().expect("UTF-8")]).await;
    assert!(file.code == Some(64) && !file.stderr.contains("hidden"), "{file:?}");

    let mut both = client.command(&["jobs", "list"]);
    both.env("IPS_GATEWAY_TOKEN", "hidden-token");
    let both = run(both).await;
    assert!(both.code == Some(64) && both.stderr.contains("either") && !both.stderr.contains("hidden"), "{both:?}");

    let mut none = client.command(&["jobs", "list"]);
    none.env_remove("IPS_GATEWAY_USER").env_remove("IPS_GATEWAY_PASSWORD");
    let none = run(none).await;
    assert!(none.code == Some(64) && none.stderr.contains("no credentials: set IPS_GATEWAY_USER"), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_detail_code_and_request() {
    let world = World::seeded();
    let client = Client::new(format!("http://{}", world.gateway.address()));
    for (arguments, text) in [
        (&["jobs", "list", "--status", "dancing"][..], "status"),
        (&["jobs", "list", "--company", "Nowhere"], "[company-not-found]"),
        (&["jobs", "get", "c|110|nothing"], "["),
    ] {
        let ended = client.run(arguments).await;
        assert_eq!(ended.code, Some(65), "{ended:?}");
        assert!(ended.stderr.contains(text) && ended.stderr.contains("request id: "), "{}", ended.stderr);
    }
    let mut wrong = client.command(&["jobs", "list"]);
    wrong.env("IPS_GATEWAY_PASSWORD", "wrong");
    let wrong = run(wrong).await;
    assert!(wrong.code == Some(65) && wrong.stderr.contains("[credentials-rejected]"), "{wrong:?}");
}

#[tokio::test]
async fn all_errors_of_a_submit_and_the_companies_to_choose_from_are_listed() {
    let problem = json!({
        "code": "invalid-request", "title": "Invalid request", "detail": "long", "status": 422,
        "errors": [{"pointer": "/jobName", "detail": "must not be empty"}, {"parameter": "q", "detail": "is \u{1b}[31mred"}], "moreErrors": 3,
        "companies": [{"companyHandle": "c|47", "name": "Sample Furniture"}],
    });
    let gateway = ScriptedGateway::start(vec![(422, problem)]);
    let ended = Client::new(&gateway.url).run(&["jobs", "validate"]).await;
    assert_eq!(ended.code, Some(65));
    for expected in [
        "ips-gateway: Invalid request [invalid-request]\n",
        "\n  /jobName: must not be empty\n",
        "\n  q: is \u{fffd}[31mred\n",
        "\n  and 3 more\n",
        "--company-handle 'c|47'  Sample Furniture",
    ] {
        assert!(ended.stderr.contains(expected), "{expected:?} is not in:\n{}", ended.stderr);
    }
}

#[tokio::test]
async fn another_server_and_a_redirect_are_told_apart_from_a_gateway() {
    for (status, text) in
        [(302, "a redirect"), (502, "is the address right?"), (200, "is this the address of an ips-gateway?")]
    {
        let gateway = ScriptedGateway::with_texts(vec![(status, "<html>".into())]);
        let ended = Client::new(&gateway.url).run(&["jobs", "list"]).await;
        assert!(ended.code != Some(0) && ended.stderr.contains(text), "{ended:?}");
    }
}

#[tokio::test]
async fn the_variables_of_the_client_are_no_settings_of_a_gateway() {
    let ended = Client::new("http://127.0.0.1:9").run(&["serve"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("IPS_GATEWAY_UPSTREAM_URL") && !ended.stderr.contains("is not a setting"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn completions_are_printed_for_the_common_shells() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ended = Client::new("").run(&["completions", shell]).await;
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("ips-gateway") && ended.stdout.contains("validate"), "{shell}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn bash_completes_commands_flags_and_values() {
    let script = Client::new("").run(&["completions", "bash"]).await.stdout;
    let completed = async |words: &str| {
        let line = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _ips__gateway ips-gateway \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(line);
        run(bash).await.stdout.trim().to_owned()
    };
    for (words, expected) in [
        ("ips-gateway publish", "publish-queue"),
        ("ips-gateway jobs wa", "watch wait"),
        ("ips-gateway jobs watch --ex", "--exit-status"),
        ("ips-gateway jobs wait --until ''", "chain job"),
        ("ips-gateway job-stats --fr", "--from"),
        ("ips-gateway history --format n", "ndjson"),
    ] {
        assert_eq!(completed(words).await, expected, "{words}");
    }
}
