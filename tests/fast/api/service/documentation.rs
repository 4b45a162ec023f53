//! Self-description: liveness, the OpenAPI document, the pages of the problem types.

use std::collections::BTreeSet;

use crate::support::{Gateway, World};

#[tokio::test]
async fn liveness_does_not_depend_on_ips() {
    let clock = ips_gateway::runtime::clock::Clock::system();
    let gateway = Gateway::start("http://127.0.0.1:1/", &"2014-04-03".parse().expect("a version"), &clock, &[]);
    for path in ["/livez", "/readyz"] {
        let answer = gateway.unauthenticated().get(path).await.expect(200);
        assert_eq!(
            (answer.json()["status"].clone(), answer.header("cache-control")),
            ("ok".into(), "no-store"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn the_openapi_document_is_served_without_credentials() {
    let World { gateway, .. } = &World::empty();
    for (path, version) in [("/openapi.json", "3.1.0"), ("/openapi-3.0.json", "3.0.3"), ("/openapi-3.2.json", "3.2.0")]
    {
        let answer = gateway.unauthenticated().get(path).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.json()["openapi"], version, "{path}");
        let again = gateway.unauthenticated().get(path).header("If-None-Match", answer.header("etag")).await;
        again.expect(304);
    }
}

#[tokio::test]
async fn every_problem_type_has_a_page() {
    let gateway = World::empty().gateway.unauthenticated();
    let index = gateway.get("/problems").await.expect(200);
    let text = index.text();
    let codes: BTreeSet<_> = text.split("href=\"problems/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(codes.len() > 20, "{codes:?}");
    for code in codes {
        let page = gateway.get(&format!("/problems/{code}")).await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"), "{page}");
        assert!(page.text().contains(&format!("<code>{code}</code>")), "{page}");
    }
}
