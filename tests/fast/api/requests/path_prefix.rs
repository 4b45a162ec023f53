//! A path prefix: all routes work below it, and generated URLs begin with it.

use ips_gateway::sandbox::Population;

use crate::support::{Gateway, World, any_job, id};

fn world() -> World {
    World::with(Population::Seeded, &[("PATH_PREFIX", "/ips/api")])
}

#[tokio::test]
async fn generated_urls_begin_with_the_prefix() {
    let World { gateway, .. } = &world();
    let submitted = gateway.post_json("/jobs", &any_job("nightly")).await.expect(202);
    let job = id(&submitted.json());
    assert_eq!(submitted.header("location"), format!("jobs/{job}"), "{submitted}");
    gateway.get(&format!("/jobs/{job}")).await.expect(200);

    let missing = gateway.get("/jobs/x").await;
    assert_eq!(missing.problem(422, "invalid-job-id").await["type"], "../problems/invalid-job-id");
    assert_eq!(gateway.get("/nowhere").await.problem(404, "not-found").await["type"], "problems/not-found");

    // Redirects of pages are relative, since a proxy may replace the prefix.
    assert_eq!(gateway.get("").await.expect(308).header("location"), "api/");
    assert_eq!(gateway.get("/swagger-ui").await.expect(308).header("location"), "swagger-ui/");
    gateway.get("/").await.expect(200);
    gateway.get("/board/js/main.js").await.expect(200);
    gateway.get("/swagger-ui/").await.expect(200);
    for document in ["/openapi.json", "/openapi-3.0.json", "/openapi-3.2.json"] {
        // Relative to the document's own URL, for the same reason.
        assert_eq!(gateway.get(document).await.ok()["servers"][0]["url"], ".", "{document}");
    }
    gateway.get("/livez").await.expect(200);
}

#[tokio::test]
async fn links_to_the_next_page_work() {
    let World { gateway, .. } = &world();
    let first = gateway.get("/jobs?sort=name&limit=1").await.expect(200);
    let link = first.next_link().unwrap_or_else(|| panic!("no link{first}"));
    let second = gateway.get(&format!("/jobs{link}")).await.ok();
    assert_ne!(second["jobs"][0]["id"], first.json()["jobs"][0]["id"]);
}

#[tokio::test]
async fn paths_outside_the_prefix_are_a_404_problem() {
    let world = world();
    let outside: Gateway = world.gateway.without_prefix();
    for path in ["/", "/jobs", "/ips", "/ips/jobs", "/ips/apijobs", "/livez"] {
        outside.get(path).await.problem(404, "not-found").await;
    }
}
