//! Query parameters as forms, browsers and generated clients write them.

use serde_json::json;

use crate::support::{ScriptedUpstream, World, active_job, names};

fn active_jobs(items: &str) -> String {
    format!("<jobArray>{items}</jobArray>")
}

#[tokio::test]
async fn a_parameter_without_a_value_is_absent_on_every_route() {
    let world = World::seeded();
    let job = world.gateway.get("/jobs").await.ok()["jobs"][0]["id"].as_str().expect("an id").to_owned();
    for (path, parameters) in [
        (
            "/jobs",
            &[
                "q",
                "originalName",
                "submittedBy",
                "type",
                "kind",
                "status",
                "phase",
                "limit",
                "sort",
                "cursor",
                "company",
                "companyHandle",
            ][..],
        ),
        (&format!("/jobs/{job}"), &["company", "companyHandle"]),
        (&format!("/jobs/{job}/log"), &["page", "perPage", "logType", "level", "q", "sort", "archived", "format"]),
        (
            "/job-logs",
            &["from", "to", "submittedBy", "userHandle", "kind", "outcome", "q", "sort", "limit", "cursor", "format"],
        ),
        ("/job-stats", &["from", "to", "userHandle"]),
        ("/assets/a%7C11004/job-logs", &["archived"]),
    ] {
        let all = world.gateway.get(path).await.expect(200);
        for parameter in parameters {
            let given = world.gateway.get(&format!("{path}?{parameter}=")).await.expect(200);
            assert_eq!(given.header("etag"), all.header("etag"), "{path}?{parameter}=");
        }
    }
    for path in ["/jobs", "/companies", "/job-logs", "/readyz"] {
        world.gateway.get(&format!("{path}?_=1700000000")).await.expect(200);
        world.gateway.get(&format!("{path}?misspelt=")).await.problem(422, "invalid-request").await;
    }
    world.gateway.get("/jobs/events?ticket=&lastEventId=&_=1").open().await.error_for_status().expect("a stream");
    world.gateway.post(&format!("/jobs/{job}/stop?companyHandle=&_=1")).await.expect(202);
}

#[tokio::test]
async fn lists_are_commas_repeated_parameters_or_brackets() {
    let world = World::seeded();
    let expected = names(&world.gateway.get("/jobs?phase=active,completed&sort=name").await.ok());
    assert!(expected.len() > names(&world.gateway.get("/jobs").await.ok()).len(), "{expected:?}");
    for query in [
        "phase=active&phase=completed",
        "phase[]=active&phase[]=completed",
        "phase%5B%5D=completed,active",
        "phase=active,&phase=completed",
    ] {
        let list = world.gateway.get(&format!("/jobs?{query}&sort=name")).await.ok();
        assert_eq!(names(&list), expected, "{query}");
    }
    let refused = world.gateway.get("/jobs?limit=1&limit=2").await.problem(422, "invalid-request").await;
    assert_eq!(refused["errors"], json!([{ "parameter": "limit", "detail": "is given twice" }]));
}

#[tokio::test]
async fn a_plus_in_an_address_is_a_plus() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &active_jobs(&active_job("nightly", "").replace("katlyn@", "heron+ips@")));
    let gateway = upstream.plain_gateway();
    assert!(gateway.get("/jobs").await.expect(200).text().contains("heron+ips@example.com"));
    for address in ["heron+ips@example.com", "heron%2Bips@example.com", "HERON+ips@example.com"] {
        let list = gateway.get(&format!("/jobs?submittedBy={address}")).await.ok();
        assert_eq!(list["jobs"].as_array().map(Vec::len), Some(1), "{address}: {list:#}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_are_refused() {
    let world = World::seeded();
    for (query, parameter) in
        [("q=Caf%E9", "q"), ("submittedBy=%ff", "submittedBy"), ("company=%C3", "company"), ("%E9=1", "query")]
    {
        let refused = world.gateway.get(&format!("/jobs?{query}")).await.problem(422, "invalid-request").await;
        assert_eq!(refused["errors"][0]["parameter"], parameter, "{refused:#}");
    }
}

#[tokio::test]
async fn a_search_ignores_case_and_the_composition_of_letters() {
    let upstream = ScriptedUpstream::start().await;
    for (name, found, other) in [
        // Composed and decomposed letters.
        ("Caf\u{e9} spring", ["cafe\u{301}", "CAF\u{c9} S"], "cafe s"),
        ("Cafe\u{301} spring", ["caf\u{e9}", "CAFE\u{301} S"], "cafe s"),
        // Letters with several lower-case forms, or whose lower case is no letter of its own.
        ("STRASSE", ["stra\u{df}e", "Strasse"], "strase"),
        ("\u{3a3}\u{3a3} \u{3c2}", ["\u{3c3}\u{3c3} \u{3c3}", "\u{3c2}\u{3c2}"], "s"),
    ] {
        upstream.answer("getActiveJobs", &active_jobs(&active_job(name, "")));
        let gateway = upstream.plain_gateway();
        for text in found {
            let list = gateway.get("/jobs").query(&[("q", text)]).await.ok();
            assert_eq!(list["jobs"].as_array().map(Vec::len), Some(1), "{text} in {name}: {list:#}");
        }
        let list = gateway.get("/jobs").query(&[("q", other)]).await.ok();
        assert_eq!(list["jobs"], json!([]), "{other} in {name}");
    }
}
