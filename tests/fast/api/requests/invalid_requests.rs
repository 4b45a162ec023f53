//! Invalid requests: a problem document with error and place, and no call of IPS.

use serde_json::{Value, json};

use crate::support::{Answer, Gateway, START, ScriptedUpstream, World, any_job};

async fn submit_text(gateway: &Gateway, body: &str) -> Answer {
    gateway.post("/jobs").header("Content-Type", "application/json").body(body.to_owned()).await
}

#[tokio::test]
async fn an_unknown_path_is_a_404_problem() {
    let World { gateway, .. } = &World::empty();
    for path in [
        "/job",
        "/jobs/",
        "/jobs/a/b/c",
        "/JOBS",
        "//jobs",
        "/metrics/x",
        "/problems/nonsense",
        "/swagger-ui/nothing.js",
    ] {
        gateway.get(path).await.problem(404, "not-found").await;
    }
    let answer = gateway.post("/nowhere").await;
    assert_eq!(answer.problem(404, "not-found").await["outcome"], "not_sent", "{answer}");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_a_405_problem_with_allow() {
    let World { gateway, .. } = &World::empty();
    for (method, path, allowed) in [
        ("DELETE", "/jobs", &["GET", "HEAD", "POST"][..]),
        ("PUT", "/jobs/x", &["DELETE", "GET", "HEAD"]),
        ("GET", "/jobs/x/stop", &["POST"]),
        ("POST", "/jobs/x/log", &["GET", "HEAD"]),
        ("PATCH", "/job-logs", &["GET", "HEAD"]),
        ("POST", "/companies", &["GET", "HEAD"]),
        ("POST", "/livez", &["GET", "HEAD"]),
        ("POST", "/openapi.json", &["GET", "HEAD"]),
        ("OPTIONS", "/jobs", &["GET", "HEAD", "POST"]),
    ] {
        let answer = gateway.request(method.parse().expect("a method"), path).await;
        let problem = answer.problem(405, "method-not-allowed").await;
        let is_safe = ["GET", "OPTIONS"].contains(&method);
        assert_eq!(problem["outcome"], if is_safe { Value::Null } else { "not_sent".into() }, "{answer}");
        let mut allow: Vec<_> = answer.header("allow").split(", ").collect();
        allow.sort_unstable();
        assert_eq!(allow, allowed, "{answer}");
    }
}

#[tokio::test]
async fn problem_documents_are_not_compressed() {
    let world = World::empty();
    let gateway = world.gateway.unauthenticated();
    // The framework answers the second one, and the body of the third one is text of the framework.
    for (method, path, status) in [("GET", "/jobs", 401), ("PUT", "/jobs", 405), ("GET", "/problems/%FF", 404)] {
        let request = gateway.request(method.parse().expect("a method"), path).header("Accept-Encoding", "gzip");
        let answer = request.await.expect(status);
        assert_eq!(answer.find_header("content-encoding"), None, "{answer}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer}");
        assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_problem() {
    let world = World::empty();
    let mut job = any_job("nightly");
    job["description"] = "x".repeat(1024 * 1024).into();
    let answer = world.gateway.post_json("/jobs", &job).await;
    let problem = answer.problem(413, "content-too-large").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("1048576")), "{answer}");
    assert_eq!((&problem["outcome"], world.calls()), (&json!("not_sent"), 0), "{answer}");
}

#[tokio::test]
async fn a_target_of_the_maximum_length_is_accepted() {
    let world = World::empty();
    let target = |length: usize| format!("/livez?{}", "x".repeat(length - "/livez?".len()));
    world.gateway.get(&target(8 * 1024)).await.expect(200);
    world.gateway.get(&target(8 * 1024 + 1)).await.problem(414, "target-too-long").await;
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_a_415_problem() {
    let world = World::empty();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""] {
        let answer =
            world.gateway.post("/jobs").header("Content-Type", content_type).body(any_job("n").to_string()).await;
        answer.problem(415, "unsupported-media-type").await;
    }
    world.gateway.post("/jobs").body(any_job("n").to_string()).await.problem(415, "unsupported-media-type").await;
    for content_type in ["application/json; charset=utf-8", "application/vnd.example+json"] {
        let post = world.gateway.post("/jobs").header("Content-Type", content_type);
        post.body(any_job("n").to_string()).await.expect(202);
    }
}

#[tokio::test]
async fn invalid_json_is_refused_with_line_and_column() {
    let world = World::empty();
    for (body, place) in [
        ("", "line 1 column 0"),
        ("{\n  \"jobName\": \"n\",\n  oops\n}", "line 3 column 3"),
        ("{\"jobName\": \"n\"", "line 1 column 15"),
        ("{\"jobName\": \"n\", \"optimizeImagesJob\": {\"emailSetting\": \"None\"}} x", "line 1 column 65"),
    ] {
        let answer = submit_text(&world.gateway, body).await;
        let problem = answer.problem(400, "invalid-json").await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(place)), "expected {place}{answer}");
        assert_eq!(problem["outcome"], "not_sent", "{answer}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn wrong_fields_and_types_are_refused_by_pointer_and_without_their_value() {
    let world = World::empty();
    let upload = |change: fn(&mut Value)| {
        let mut job = crate::support::upload("n", &["https://images.example.com/a.tif"]);
        change(&mut job);
        job
    };
    for (body, pointer) in [
        (upload(|job| job["jobName"] = json!(["s3cret"])), "/jobName"),
        (upload(|job| job["colour"] = json!("s3cret")), "/colour"),
        (upload(|job| job["uploadUrlsJob"]["overwrite"] = json!("s3cret")), "/uploadUrlsJob/overwrite"),
        (upload(|job| job["uploadUrlsJob"]["colour"] = json!("s3cret")), "/uploadUrlsJob/colour"),
        (
            upload(|job| job["uploadUrlsJob"]["urlArray"][0]["sourceUrl"] = json!(42)),
            "/uploadUrlsJob/urlArray/0/sourceUrl",
        ),
        (upload(|job| job["uploadUrlsJob"]["urlArray"] = json!({ "items": ["s3cret"] })), "/uploadUrlsJob/urlArray"),
        (upload(|job| job["execTime"] = json!("s3cret")), "/execTime"),
        (upload(|job| job["a/b~c"] = json!("s3cret")), "/a~1b~0c"),
    ] {
        let answer = world.gateway.post_json("/jobs", &body).await;
        let detail = answer.invalid_body(pointer).await;
        assert!(!answer.text().contains("s3cret") && !detail.is_empty(), "{answer}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn missing_fields_are_named() {
    let world = World::empty();
    for (body, pointer, name) in [
        (json!({ "optimizeImagesJob": { "emailSetting": "None" } }), "", "jobName"),
        (json!({ "jobName": "n", "optimizeImagesJob": {} }), "/optimizeImagesJob", "emailSetting"),
        (json!([]), "", "expected"),
        (json!("job"), "", "expected"),
    ] {
        let answer = world.gateway.post_json("/jobs", &body).await;
        let detail = answer.invalid_body(pointer).await;
        assert!(detail.contains(name), "{detail}{answer}");
    }
}

#[tokio::test]
async fn exactly_one_kind_of_job_and_at_most_one_time_are_accepted() {
    let world = World::empty();
    let two = json!({
        "jobName": "n", "optimizeImagesJob": { "emailSetting": "None" }, "metadataPublishJob": { "forcePublish": true },
    });
    world.gateway.post_json("/jobs", &two).await.invalid_body("/optimizeImagesJob").await;
    let none = world.gateway.post_json("/jobs", &json!({ "jobName": "n" })).await.invalid_body("").await;
    assert!(none.contains("uploadUrlsJob") && none.contains("automatedSetGenerationJob"), "it lists them: {none}");
    let mut both = any_job("n");
    both["execTime"] = json!("2026-03-03T12:00:00Z");
    both["execSchedule"] = json!("0 0 3 * * ?");
    world.gateway.post_json("/jobs", &both).await.invalid_body("/execSchedule").await;
    let mut unnamed = any_job(" ");
    world.gateway.post_json("/jobs", &unnamed).await.invalid_body("/jobName").await;
    unnamed["jobName"] = "x".repeat(513).into();
    world.gateway.post_json("/jobs", &unnamed).await.invalid_body("/jobName").await;
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn all_errors_of_a_submit_are_reported_at_once() {
    let world = World::empty();
    let body = json!({ "jobName": "", "execTime": "2026-03-03T12:00:00Z", "execSchedule": "0 0 3 * * ?" });
    let problem = world.gateway.post_json("/jobs", &body).await.problem(422, "invalid-request").await;
    let pointers: Vec<_> =
        problem["errors"].as_array().expect("errors").iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/jobName", "/execSchedule", ""], "{problem:#}");
}

#[tokio::test]
async fn a_deprecated_name_is_refused_with_the_current_one() {
    let world = World::empty();
    let body = json!({ "jobName": "n", "imageServingRenderJob": { "emailSetting": "None" } });
    let detail = world.gateway.post_json("/jobs", &body).await.invalid_body("/imageServingRenderJob").await;
    assert!(detail.contains("imageRenderingPublishJob"), "{detail}");
}

#[tokio::test]
async fn characters_that_xml_cannot_carry_are_refused_by_pointer() {
    let world = World::empty();
    for (character, code) in [("\u{0}", "U+0000"), ("\u{1f}", "U+001F"), ("\u{fffe}", "U+FFFE")] {
        let mut job =
            crate::support::upload("n", &["https://images.example.com/a.tif", "https://images.example.com/b.tif"]);
        job["uploadUrlsJob"]["urlArray"][1]["destPath"] = format!("a{character}b").into();
        for path in ["/jobs", "/jobs/validate"] {
            let answer = world.gateway.post_json(path, &job).await;
            let detail = answer.invalid_body("/uploadUrlsJob/urlArray/1/destPath").await;
            assert!(detail.contains(code), "{detail}");
        }
        let name = world.gateway.post_json("/jobs", &any_job(&format!("n{character}"))).await;
        name.invalid_body("/jobName").await;
    }
    assert_eq!(world.sandbox.calls("submitJob"), 0);
}

#[tokio::test]
async fn a_field_newer_than_the_api_version_is_refused_with_both_versions() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let mut job = crate::support::upload("n", &["https://images.example.com/a.tif"]);
    job["uploadUrlsJob"]["synchronizationComplete"] = json!(true);
    let answer = gateway.post_json("/jobs", &job).await;
    let detail = answer.invalid_body("/uploadUrlsJob/synchronizationComplete").await;
    assert!(detail.contains("2017-10-29-beta") && detail.contains("2014-04-03"), "{detail}");
    assert_eq!(upstream.calls("submitJob"), 0);

    World::empty().gateway.post_json("/jobs", &job).await.expect(202);
}

#[tokio::test]
async fn without_credentials_there_is_a_401_with_a_challenge() {
    let world = World::empty();
    let anonymous = world.gateway.unauthenticated();
    for path in [
        "/jobs",
        "/jobs/x",
        "/job-logs",
        "/job-stats",
        "/companies",
        "/companies/x",
        "/assets/x/job-logs",
        "/jobs/x/log",
    ] {
        let answer = anonymous.get(path).await;
        answer.problem(401, "unauthenticated").await;
        assert!(answer.header("www-authenticate").contains("Basic realm="), "{answer}");
        assert!(answer.header("www-authenticate").contains("Bearer"), "{answer}");
    }
    for credentials in ["Basic", "Basic %%%", "Basic bm9jb2xvbg==", "Digest x=y", "Bearer ", "katlyn"] {
        let answer = anonymous.get("/jobs").header("Authorization", credentials).await;
        let problem = answer.problem(401, "unauthenticated").await;
        assert!(!answer.text().contains("bm9jb2xvbg"), "{problem:#}");
    }
    assert_eq!(
        anonymous.post_json("/jobs", &any_job("n")).await.problem(401, "unauthenticated").await["outcome"],
        "not_sent"
    );
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn a_valid_request_id_is_kept_and_any_other_is_replaced() {
    let World { gateway, .. } = &World::empty();
    for path in ["/jobs", "/nowhere"] {
        let answer = gateway.get(path).header("X-Request-Id", "web-42_a.b").await;
        assert_eq!(answer.header("x-request-id"), "web-42_a.b", "{answer}");
        let too_long = "x".repeat(129);
        for strange in ["a b", "<script>", "", too_long.as_str()] {
            let answer = gateway.get(path).header("X-Request-Id", strange).await;
            let own = answer.header("x-request-id");
            assert!(own != strange && own.len() == 16 && own.bytes().all(|byte| byte.is_ascii_hexdigit()), "{answer}");
        }
    }
    let [first, second] = [gateway.get("/livez").await, gateway.get("/livez").await];
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn a_time_without_an_offset_in_a_query_is_refused() {
    let World { gateway, .. } = &World::empty();
    let zoneless = START.trim_end_matches('Z');
    let detail = gateway.get(&format!("/job-logs?from={zoneless}")).await.invalid_parameter("from").await;
    assert!(detail.contains("offset"), "{detail}");
}
