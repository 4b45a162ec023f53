//! Memory: tables that are filled through the API stay within their bounds, and so does the process.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::process::Process;
use crate::support::{Reply, ScriptedUpstream, active_job, any_job, envelope, http_client, job_log};

/// Room for what is not in a table, and for what the allocator keeps, in bytes.
const OVERHEAD: f64 = 96e6;

/// Values of a gauge by its label `table`.
async fn tables(process: &Process, metric: &str) -> BTreeMap<String, f64> {
    let metrics = http_client().get(format!("{}/metrics", process.url)).send().await.expect("metrics");
    let metrics = metrics.text().await.expect("text");
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(metric)?.strip_prefix("{table=\""));
    let value = |line: &str| {
        let (table, value) = line.split_once("\"} ").expect("a value");
        (table.to_owned(), value.parse().expect("a number"))
    };
    lines.map(value).collect()
}

/// An upstream that accepts every caller, whose answers are large.
async fn large_upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    let membership = |number: usize| {
        let company = format!("<companyHandle>c|{number}</companyHandle><name>{}</name>", "n".repeat(500));
        format!("<items><company>{company}</company><role>IpsUser</role><isActive>true</isActive></items>")
    };
    let memberships: String = (0..150).map(membership).collect();
    upstream.answer("getCompanyMembership", &format!("<membershipArray>{memberships}</membershipArray>"));
    upstream.script("getCompanyInfo", |_| {
        let path = "p".repeat(20_000);
        let company = format!("<companyHandle>c|7</companyHandle><name>x</name><rootPath>{path}</rootPath>");
        Reply::Xml(200, envelope("getCompanyInfo", &format!("<companyInfo>{company}</companyInfo>")))
    });
    let message = format!("<progressMessage>{}</progressMessage>", "m".repeat(4_000));
    let jobs: String = (0..100).map(|number| active_job(&format!("job-{number}"), &message)).collect();
    upstream.answer("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>"));
    let user = format!("<submitUserEmail>{}@example.com</submitUserEmail>", "u".repeat(4_000));
    let logs: String = (0..100).map(|number| job_log(&format!("log-{number}"), &user)).collect();
    upstream.answer("getJobLogs", &format!("<jobLogArray>{logs}</jobLogArray>"));
    upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
    upstream
}

/// Requests that fill a table: its name, the number of requests, and each of them as path, token and body.
type Filling = (&'static [&'static str], usize, fn(usize) -> (String, String, Option<Value>));

/// Every table that a few hundred requests can fill. Unit tests of the others insert into them directly.
const FILLINGS: [Filling; 5] = [
    (&["memberships"], 60, |number| ("/companies".into(), format!("member-{number}"), None)),
    (&["companies"], 80, |number| (format!("/jobs?company=name-{number}&phase=scheduled"), "one".into(), None)),
    (&["active", "history"], 40, |number| {
        ("/jobs?companyHandle=c%7C1&phase=active,completed".into(), format!("list-{number}"), None)
    }),
    (&["idempotency_records", "recent_mutations"], 100, |number| {
        let mut job = any_job(&format!("job-{number}"));
        job["companyHandle"] = "c|1".into();
        job["description"] = "d".repeat(100_000).into();
        ("/jobs".into(), "one".into(), Some(job))
    }),
    (&["issued_tickets"], 1_200, |_| ("/jobs/events/tickets".into(), "t".repeat(4_000), Some(Value::Null))),
];

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_filled_through_the_api_stay_within_their_bounds() {
    let upstream = large_upstream().await;
    let variables = [
        ("IPS_GATEWAY_API_VERSION", "2014-04-03"),
        ("IPS_GATEWAY_RATE_LIMIT", "none"),
        ("IPS_GATEWAY_CACHE_SIZE", "16MiB"),
    ];
    let process = Process::serve(upstream.url(), &variables);
    let client = http_client();
    let send = async |path: &str, token: &str, number: usize, body: Option<&Value>| {
        let url = format!("{}{path}", process.url);
        let request = match body {
            None => client.get(url),
            Some(Value::Null) => client.post(url),
            Some(body) => {
                let post = client.post(url).header("Idempotency-Key", format!("key-{number}"));
                post.header("Content-Type", "application/json").body(body.to_string())
            }
        };
        let answer = request.bearer_auth(token).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {}", &text[..text.len().min(500)]);
    };
    send("/jobs?companyHandle=c%7C1", "first", 0, None).await;
    let baseline = process.resident_bytes();
    let limits = tables(&process, "ips_gateway_table_limit_bytes").await;
    let mut filled = 0.0;
    for (names, count, request) in FILLINGS {
        let mut most: BTreeMap<&str, f64> = BTreeMap::new();
        for number in 0..count {
            let (path, token, body) = request(number);
            send(&path, &token, number, body.as_ref()).await;
            if number % (count / 20) == 0 || number + 1 == count {
                let bytes = tables(&process, "ips_gateway_table_bytes").await;
                for name in names {
                    let most = most.entry(name).or_default();
                    *most = most.max(bytes.get(*name).copied().unwrap_or_default());
                }
            }
        }
        for name in names {
            let limit = limits.get(*name).copied().unwrap_or_else(|| panic!("{name}: {limits:?}"));
            assert!(most[name] > limit / 2.0 && most[name] <= limit * 1.3, "{name}: {} of {limit}", most[name]);
            filled += limit;
        }
    }
    let grown = process.resident_bytes().saturating_sub(baseline) as f64;
    assert!(grown < 2.0 * filled + OVERHEAD, "{grown} bytes for tables of {filled}");
}

/// Sends this many requests of different addresses, and returns how often each status came.
async fn from_addresses(
    process: &Process,
    count: usize,
    path: &str,
    token: fn(usize) -> Option<String>,
) -> BTreeMap<StatusCode, usize> {
    let client = http_client();
    let answers = stream::iter(0..count).map(|number| {
        let address = format!("198.{}.{}.{}", 18 + number / 65_536, number / 256 % 256, number % 256);
        let request = client.get(format!("{}{path}", process.url)).header("X-Forwarded-For", address);
        let request = match token(number) {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        async move { request.send().await.expect("an answer").status() }
    });
    let mut statuses = BTreeMap::new();
    let mut answers = answers.buffer_unordered(16);
    while let Some(status) = answers.next().await {
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_tables_stay_within_their_bounds_behind_a_proxy_with_many_clients() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", "<jobArray/>");
    let variables = [
        ("IPS_GATEWAY_API_VERSION", "2014-04-03"),
        ("IPS_GATEWAY_TRUSTED_PROXIES", "127.0.0.1/32"),
        ("IPS_GATEWAY_CACHE_SIZE", "16MiB"),
        // No call is rejected because a loaded machine is slow.
        ("IPS_GATEWAY_UPSTREAM_WAIT", "1m"),
    ];
    let process = Process::serve(upstream.url(), &variables);
    let path = "/jobs?companyHandle=c%7C1&phase=active";
    let statuses = from_addresses(&process, 100, path, |number| Some(format!("warm-{number}"))).await;
    assert_eq!(statuses, BTreeMap::from([(StatusCode::OK, 100)]));
    let baseline = process.resident_bytes();
    // More than the 5,242 addresses that fit, and, at two buckets for each caller, more than the 20,971 buckets.
    let statuses = from_addresses(&process, 5_600, path, |number| Some(format!("caller-{number}"))).await;
    assert_eq!(statuses, BTreeMap::from([(StatusCode::OK, 5_600)]));
    let statuses = from_addresses(&process, 11_000, path, |_| None).await;
    assert_eq!(statuses, BTreeMap::from([(StatusCode::UNAUTHORIZED, 11_000)]));
    let (bytes, limits) =
        (tables(&process, "ips_gateway_table_bytes").await, tables(&process, "ips_gateway_table_limit_bytes").await);
    for name in ["address_counts", "rate_limit_buckets"] {
        let (bytes, limit) = (bytes[name], limits[name]);
        assert!(bytes > limit / 2.0 && bytes <= limit * 1.05, "{name}: {bytes} of {limit}");
    }
    let grown = process.resident_bytes().saturating_sub(baseline) as f64;
    assert!(grown < OVERHEAD, "{grown} bytes");
}
