//! What the gateway says of itself: health, the OpenAPI document, Swagger UI, the problems.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Gateway, World};

#[tokio::test]
async fn health_does_not_depend_on_ips() {
    let clock = ips_gateway::clock::Clock::system();
    let gateway = Gateway::start("http://127.0.0.1:1/", &"2014-04-03".parse().expect("a version"), &clock, &[]);
    for path in ["/livez", "/readyz"] {
        let answer = gateway.called_by_nobody().get(path).await.expect(200);
        assert_eq!(
            (answer.json()["status"].clone(), answer.header("cache-control")),
            ("ok".into(), "no-store"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn the_openapi_document_is_served_to_everybody() {
    let World { gateway, .. } = &World::empty();
    for (path, version) in [("/openapi.json", "3.1.0"), ("/openapi-3.0.json", "3.0.3"), ("/openapi-3.2.json", "3.2.0")]
    {
        let answer = gateway.called_by_nobody().get(path).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.json()["openapi"], version, "{path}");
        let again = gateway.called_by_nobody().get(path).header("If-None-Match", answer.header("etag")).await;
        again.expect(304);
    }
}

#[tokio::test]
async fn swagger_ui_is_whole_and_finds_the_document() {
    let gateway = World::empty().gateway.called_by_nobody();
    let redirect = gateway.get("/swagger-ui").await.expect(308);
    assert_eq!(redirect.header("location"), "/swagger-ui/", "{redirect}");
    let index = gateway.get("/swagger-ui/").await.expect(200);
    assert!(index.header("content-type").starts_with("text/html"), "{index}");
    let page = index.text();
    let kind_of = |asset: &str| match Path::new(asset).extension()?.to_str()? {
        "js" => Some("javascript"),
        "css" => Some("css"),
        _ => None,
    };
    let links = page.split(['"', '\'']).map(|text| text.trim_start_matches("./"));
    let assets: BTreeSet<_> = links.filter_map(|link| Some((link, kind_of(link)?))).collect();
    assert!(assets.len() >= 3, "{assets:?}");
    for (asset, kind) in assets {
        let answer = gateway.get(&format!("/swagger-ui/{asset}")).await.expect(200);
        assert!(answer.header("content-type").contains(kind) && !answer.body.is_empty(), "{asset}");
    }
    let initializer = gateway.get("/swagger-ui/swagger-initializer.js").await.expect(200).text();
    assert!(initializer.contains("../openapi.json"), "{initializer}");
    gateway.get("/swagger-ui/nothing.js").await.problem(404, "not-found").await;
}

#[tokio::test]
async fn every_problem_has_a_page_that_explains_it() {
    let gateway = World::empty().gateway.called_by_nobody();
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

#[tokio::test]
async fn a_browser_runs_nothing_but_our_own_scripts() {
    let gateway = World::empty().gateway.called_by_nobody();
    for (path, scripts) in [("/swagger-ui/", "script-src 'self';"), ("/problems", "default-src 'none';")] {
        let page = gateway.get(path).await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains(scripts) && policy.contains("frame-ancestors 'none'"), "{page}");
        let inline = page.text().split("<script").skip(1).filter(|script| !script.contains("src=")).count();
        assert_eq!(inline, 0, "the policy would refuse a script within the page: {page}");
    }
    for path in ["/swagger-ui/", "/livez", "/jobs", "/nowhere"] {
        assert_eq!(gateway.get(path).await.header("x-content-type-options"), "nosniff", "{path}");
    }
}
