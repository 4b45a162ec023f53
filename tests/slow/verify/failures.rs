//! Checks that could not be made.

use super::deviations::upstream;
use super::{run, verify};
use crate::support::{Reply, fault};

const USER: (&str, &str) = ("kati@example.com", "geheim-7");

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_could_not_be_made_has_exit_status_2_and_a_reason() {
    let upstream = upstream().await;
    let unreachable = verify("http://127.0.0.1:1/scene7/services/IpsApiService", "c|110", USER, &[]).await;
    assert!(unreachable.status == 2 && unreachable.stderr.contains("IPS gave no answer"), "{}", unreachable.stderr);
    upstream.reply("getCompanyInfo", fault("authorizationFault", 20000, "no such company", 500));
    let unknown = verify(upstream.url(), "Nowhere", USER, &[]).await;
    assert!(unknown.status == 2 && unknown.stderr.contains("the company was not found"), "{}", unknown.stderr);
    upstream.reply("getCompanyMembership", fault("authenticationFault", 10001, "invalid credentials", 500));
    let rejected = verify(upstream.url(), "c|110", USER, &[]).await;
    assert!(rejected.status == 2 && rejected.stderr.contains("IPS rejects the credentials"), "{}", rejected.stderr);
    assert_eq!(upstream.calls("getCompanyMembership"), 2, "no second login");
    assert!(!rejected.stderr.contains("geheim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_settings_have_exit_status_2() {
    let user = ("IPS_GATEWAY_SERVICE_USER", USER.0);
    let password = ("IPS_GATEWAY_SERVICE_PASSWORD", USER.1);
    let token = ("IPS_GATEWAY_TOKEN", "t");
    let url = ["--upstream-url", "http://127.0.0.1:1/", "--company", "c|110"];
    for (arguments, variables, expected) in [
        (&url[..], &[][..], "credentials are missing"),
        (&url[..], &[user], "IPS_GATEWAY_SERVICE_PASSWORD: is missing"),
        (&url[..], &[password], "IPS_GATEWAY_SERVICE_USER: is missing"),
        (&url[..], &[user, password, token], "expected one of the two"),
        (&url[..2], &[token], "--company is missing"),
        (&url[2..], &[token], "IPS_GATEWAY_UPSTREAM_URL: is missing"),
    ] {
        let run = run(arguments, variables).await;
        assert!(run.status == 2 && run.stderr.contains(expected), "{expected}: {} {}", run.status, run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_loses_ips_writes_what_it_has_found() {
    let upstream = upstream().await;
    upstream.reply("getScheduledJobs", Reply::Close);
    let run = verify(upstream.url(), "c|110", USER, &[]).await;
    assert_eq!(run.status, 2, "{}", run.stderr);
    let report = run.report();
    assert!(report["calls"]["stopped"].as_str().is_some_and(|reason| reason.starts_with("no answer: ")), "{report}");
    assert!(run.observed("companyByHandle").is_some());
}

#[tokio::test]
async fn help_names_the_flags_the_credentials_and_the_exit_status() {
    let run = run(&["--help"], &[]).await;
    assert_eq!(run.status, 0);
    for expected in [
        "--upstream-url",
        "--company",
        "--api-version",
        "--submit",
        "--output",
        "--watch",
        "IPS_GATEWAY_TOKEN",
        "Exit status",
    ] {
        assert!(run.stdout.contains(expected), "{expected}");
    }
    assert!(!run.stdout.contains("--service-password <"), "no secret on the command line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_at_its_limit_of_bytes_and_writes_what_it_has_found() {
    let upstream = upstream().await;
    let comment = " ".repeat(20 << 20);
    upstream.answer("getJobLogs", &format!("<jobLogArray><!--{comment}--></jobLogArray>"));
    let run = verify(upstream.url(), "c|110", USER, &[]).await;
    assert!(run.status == 2 && run.stderr.contains("the limit of bytes"), "{}", run.stderr);
    assert_eq!((&run.report()["calls"]["stopped"], upstream.calls("getJobLogs")), (&"limit of bytes".into(), 4));
}
