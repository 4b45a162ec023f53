//! Bodies that are made to be expensive: the number of errors and the length of the answer are bounded.

use serde_json::{Value, json};

use crate::support::{Gateway, ScriptedUpstream, World, any_job, fault};

/// Maximum length of the answer to a bad request, in bytes.
const MAX_ANSWER: usize = 32 << 10;

/// Asserts that the answer to a body is a short problem.
async fn assert_short_problem(gateway: &Gateway, what: &str, path: &str, body: &str) {
    let post = gateway.post(path).header("Content-Type", "application/json").body(body.to_owned());
    let answer = post.await.expect(422);
    let text = answer.text();
    assert!(text.len() < MAX_ANSWER, "{what}: {} bytes", text.len());
    let problem: Value = serde_json::from_str(&text).expect("a problem");
    let errors = problem["errors"].as_array().map_or(0, Vec::len);
    assert!((1..=20).contains(&errors), "{what}: {problem:#}");
}

#[tokio::test]
async fn the_answer_to_a_hostile_body_is_short() {
    let world = World::empty();
    let with = |name: &str, value: Value| {
        let mut job = any_job("nightly");
        job[name] = value;
        job.to_string()
    };
    let members = |count: usize| (0..count).map(|number| (format!("member-{number}"), json!(1))).collect();
    let upload = |item: Value, count: usize| {
        let job =
            json!({ "urlArray": vec![item; count], "overwrite": true, "readyForPublish": true, "createMask": false });
        json!({ "jobName": "x", "uploadUrlsJob": job }).to_string()
    };
    let long = |text: &str| text.repeat(400_000 / text.len());
    let mut many = any_job("nightly");
    many.as_object_mut().expect("an object").extend::<serde_json::Map<_, _>>(members(5_000));
    let bodies = [
        ("thousands of members", many.to_string()),
        ("thousands of nested members", with("optimizeImagesJob", Value::Object(members(5_000)))),
        ("a long member", with(&long("n"), json!(1))),
        ("a long member of many bytes a letter", with(&long("春"), json!(1))),
        ("a long member of quotes", with(&long("\""), json!(1))),
        ("a long nested member", with("optimizeImagesJob", json!({ long("n"): 1 }))),
        ("a long name", with("jobName", long("n").into())),
        ("a long text for a number", with("execTime", long("9").into())),
        (
            "a long text for a flag",
            upload(json!({ "sourceUrl": "https://example.com/a" }), 1).replace("true", &json!(long("t")).to_string()),
        ),
        ("a long locale", with("locale", long("e").into())),
        ("thousands of wrong items", upload(json!(1), 5_000)),
        ("thousands of wrong URLs", upload(json!({ "sourceUrl": "http://127.0.0.1/" }), 5_000)),
        ("a long URL", upload(json!({ "sourceUrl": format!("ftp://{}", long("u")) }), 1)),
        ("a deep value", format!("{{\"jobName\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000))),
    ];
    for (what, body) in &bodies {
        for path in ["/jobs", "/jobs/validate"] {
            assert_short_problem(&world.gateway, what, path, body).await;
        }
    }
    assert_eq!(world.sandbox.calls("submitJob"), 0);
}

#[tokio::test]
async fn the_answer_for_a_long_reason_of_ips_is_short() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("submitJob", fault(&"f".repeat(10_000), 30000, &"r".repeat(500_000), 500));
    let answer = upstream.plain_gateway().post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await;
    let text = answer.expect(502).text();
    assert!(text.len() < MAX_ANSWER, "{} bytes", text.len());
}
