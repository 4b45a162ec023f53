//! Memory of tables: each is bounded in bytes and in the metrics, and strangers get nothing of it.

use std::collections::BTreeMap;

use crate::support::{Gateway, Reply, ScriptedUpstream, any_job, fault, job_log};

/// Values of a gauge by its label `table`.
async fn tables(gateway: &Gateway, metric: &str) -> BTreeMap<String, f64> {
    let metrics = gateway.get("/metrics").await.expect(200).text();
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(metric)?.strip_prefix("{table=\""));
    lines
        .map(|line| {
            let (table, value) = line.split_once("\"} ").expect("a value");
            (table.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

#[tokio::test]
async fn all_tables_fit_the_documented_memory() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    gateway.get("/jobs").await.expect(200);
    gateway.get("/job-logs?limit=3").await.expect(200);
    gateway.with_password("a", "b").get("/jobs").await.expect(200);
    let limits = tables(&gateway, "ips_gateway_table_limit_bytes").await;
    let guide = std::fs::read_to_string("docs/operations.md").expect("the guide");
    let rows = guide.lines().skip_while(|line| *line != "## Memory").skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|')).filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let mebibytes: f64 = cells[2].strip_suffix(" MiB")?.parse().ok()?;
        Some((cells[1].trim_matches('`').to_owned(), mebibytes))
    });
    let documented: BTreeMap<_, _> = rows.collect();
    assert!(documented.len() > 18, "{documented:?}");
    assert!(documented.values().sum::<f64>() <= 400.0, "{}", documented.values().sum::<f64>());
    for (table, bytes) in &limits {
        assert_eq!(documented.get(table), Some(&(bytes / f64::from(1 << 20))), "{table}: {documented:?}");
    }
    assert!(limits.len() > 12, "{limits:?}");
}

#[tokio::test]
async fn answers_of_the_history_are_kept_by_bytes() {
    let upstream = ScriptedUpstream::start().await;
    let rows: String = (0..200).map(|number| job_log(&format!("{number}-{}", "n".repeat(2_000)), "")).collect();
    upstream.answer("getJobLogs", &format!("<jobLogArray>{rows}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    let mut most: f64 = 0.0;
    for limit in 1..=40 {
        gateway.get(&format!("/job-logs?limit={limit}")).await.expect(200);
        let bytes = tables(&gateway, "ips_gateway_table_bytes").await;
        most = most.max(bytes.get("coalesced_reads").copied().unwrap_or_default());
    }
    let limit = tables(&gateway, "ips_gateway_table_limit_bytes").await["coalesced_reads"];
    assert!(most > 2e6 && most <= limit * 1.3, "{most} of {limit}");
}

#[tokio::test]
async fn nothing_is_kept_of_what_strangers_name() {
    let upstream = ScriptedUpstream::start().await;
    for operation in ["getActiveJobs", "getScheduledJobs", "getJobLogs", "submitJob", "getCompanyMembership"] {
        upstream.reply(operation, fault("authenticationFault", 10001, "not known", 500));
    }
    let gateway = upstream.plain_gateway();
    for number in 0..20 {
        let stranger = gateway.with_token(&format!("stranger-{number}"));
        let company = format!("c%7C{number}-{}", "n".repeat(200));
        stranger.get(&format!("/jobs?companyHandle={company}")).await.expect(401);
        stranger.get(&format!("/jobs/events?companyHandle={company}")).await.expect(401);
        let submit = stranger.post_json(&format!("/jobs?companyHandle={company}"), &any_job("x"));
        submit.header("Idempotency-Key", "key").await.expect(401);
    }
    let bytes = tables(&gateway, "ips_gateway_table_bytes").await;
    for table in ["epochs", "active", "scheduled", "history", "idempotency_records", "recent_mutations", "companies"] {
        assert_eq!(bytes.get(table), Some(&0.0), "{table}: {bytes:?}");
    }
    assert_eq!(upstream.calls("submitJob"), 0, "a submit with a key needs an accepted caller");
}

#[tokio::test]
async fn handles_and_names_that_are_too_long_are_refused_before_a_call() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getCompanyInfo", Reply::Close);
    let gateway = upstream.plain_gateway();
    let long = |length: usize| "n".repeat(length);
    gateway.get(&format!("/jobs?companyHandle={}", long(257))).await.invalid_parameter("companyHandle").await;
    gateway.get(&format!("/jobs?company={}", long(1025))).await.invalid_parameter("company").await;
    gateway.get(&format!("/job-logs?companyHandle={}", long(257))).await.invalid_parameter("companyHandle").await;
    let path = format!("/assets/{}/job-logs?companyHandle=c%7C110", long(257));
    gateway.get(&path).await.invalid_parameter("assetHandle").await;
    gateway.get(&format!("/jobs/j%7C{}", long(1280))).await.problem(422, "invalid-job-id").await;
    let mut job = any_job("nightly");
    job["companyHandle"] = long(257).into();
    gateway.post_json("/jobs", &job).await.invalid_body("/companyHandle").await;
    for operation in ["getActiveJobs", "getJobLogs", "getAssetJobLogs", "getCompanyInfo", "submitJob"] {
        assert_eq!(upstream.calls(operation), 0, "{operation}");
    }
    gateway.get(&format!("/jobs?companyHandle={}", long(256))).await.expect(200);
}
