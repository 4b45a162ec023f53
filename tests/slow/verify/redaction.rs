//! No secret, name, handle or address is in a report.

use super::deviations::upstream;
use super::{Run, run, verify};
use crate::support::{active_job, fault, job_log};

/// Texts that identify somebody or something.
const NAMES: [&str; 12] = [
    "kati",
    "geheim",
    "outfitters",
    "c|110",
    "j|110",
    "110",
    "5129821",
    "127.0.0.1",
    "scene7/services",
    "loafer",
    "secret.example",
    "example.com",
];

fn assert_redacted(run: &Run) {
    // Not the documented service path of namespaces, which is the same for all.
    let report = run.stdout.replace("http://www.scene7.com/IpsApi/xsd", "").to_lowercase();
    for name in NAMES {
        let around = report.find(name).map(|at| &report[at.saturating_sub(80)..(at + 40).min(report.len())]);
        assert_eq!(around, None, "{name}");
    }
    assert!(!run.stderr.contains("geheim"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_handles_addresses_and_secrets_are_in_neither_form_of_the_report() {
    let upstream = upstream().await;
    let details = "<logType>kati@secret.example</logType><startDate>katis day</startDate><endDate>2026-03-02T06:00:09Z</endDate>\
         <detailArray><items><logMessage>loafer of kati</logMessage><logType>UploadSuccess</logType>\
         <assetName>http://secret.example/loafer.zip</assetName><assetHandle>a|110|loafer</assetHandle></items></detailArray>";
    upstream.answer("getJobLogs", &format!("<jobLogArray>{}</jobLogArray>", job_log("loafer", details)));
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{}</jobLogArray>", job_log("loafer", details)));
    let job = active_job("loafer", "<totalSize>kati 5129821</totalSize><loaf kati=\"geheim\"/>");
    upstream.answer("getActiveJobs", &format!("<jobArray>{job}</jobArray>"));
    upstream.reply("getScheduledJobs", fault("ipsApiFault", 30000, "kati of c|110 may not", 500));
    upstream.reply("getUserInfo", fault("katiFault", 1, "geheim", 500));
    let json = verify(upstream.url(), "c|110", ("kati@example.com", "geheim-7"), &[]).await;
    assert_eq!(json.status, 1, "{}", json.stderr);
    assert!(json.observed("detailsLinks").is_some(), "{}", json.stdout);
    assert_redacted(&json);
    let settings = [("IPS_GATEWAY_SERVICE_USER", "kati@example.com"), ("IPS_GATEWAY_SERVICE_PASSWORD", "geheim-7")];
    let arguments = ["--upstream-url", upstream.url(), "--company", "Example Outfitters", "--watch", "0s"];
    let markdown = run(&arguments, &settings).await;
    assert!(markdown.stdout.contains("unreadableValue"), "{}", markdown.stdout);
    assert_redacted(&markdown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_is_the_same_within_a_run_and_another_in_the_next_one() {
    let upstream = upstream().await;
    let user = ("kati@example.com", "geheim-7");
    let first = verify(upstream.url(), "c|110", user, &[]).await.report();
    let second = verify(upstream.url(), "c|110", user, &[]).await.report();
    for member in ["upstream", "company", "user"] {
        assert_ne!(first[member], second[member], "{member}");
        assert!(first[member].as_str().is_some_and(|text| text.len() > 8), "{first}");
    }
}
