//! The query parameters `companyHandle` and `company`, which most operations have besides their own.

use crate::support::World;

const PATHS: [&str; 8] = [
    "/jobs",
    "/jobs/x%7C1",
    "/jobs/x%7C1/log",
    "/jobs/events",
    "/jobs/x%7C1/events",
    "/job-logs",
    "/job-stats",
    "/assets/x/job-logs",
];

#[tokio::test]
async fn a_repeated_company_parameter_is_refused_by_its_name() {
    let world = World::empty();
    for path in PATHS {
        for (query, name) in [
            ("companyHandle=a&companyHandle=a", "companyHandle"),
            ("company=a&limit=1&company=b", "company"),
            ("company%48andle=a&companyHandle=b", "companyHandle"),
        ] {
            let detail = world.gateway.get(&format!("{path}?{query}")).await.invalid_parameter(name).await;
            assert_eq!(detail, "is given twice", "{path}?{query}");
        }
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn control_characters_in_company_parameters_are_refused_by_name() {
    let world = World::empty();
    for (query, name) in
        [("company=a%00", "company"), ("companyHandle=%0A", "companyHandle"), ("company%00=a", "query")]
    {
        let detail = world.gateway.get(&format!("/jobs?{query}")).await.invalid_parameter(name).await;
        assert_eq!(detail, "holds a control character", "{query}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_with_the_known_ones() {
    let world = World::empty();
    for (path, expected) in [
        ("/jobs/x%7C1?colour=red", "`companyHandle` or `company`"),
        ("/assets/x/job-logs?company=a&colour=red", "one of `companyHandle`, `company`, `archived`"),
        (
            "/jobs/events?colour=red&companyhandle=a",
            "one of `companyHandle`, `company`, `ticket`, `Last-Event-ID`, `lastEventId`, `heartbeat`",
        ),
        ("/readyz?colour=red", "`verbose`"),
        ("/companies?colour=red", "none"),
    ] {
        let answer = world.gateway.get(path).await;
        let detail = answer.problem(422, "invalid-request").await["errors"][0]["detail"].clone();
        assert_eq!(detail, format!("unknown parameter `colour`, expected {expected}"), "{answer}");
    }
    let answer = world.gateway.get("/companies?companyHandle=c%7C110").await;
    answer.problem(422, "invalid-request").await;
    assert_eq!(world.calls(), 0);
}
