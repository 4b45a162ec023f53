//! Changes that pages of other sites make.

use crate::support::{World, any_job, id};

const APP: &str = "https://app.example.com";

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let world = World::seeded();
    let job = id(&world.gateway.submit(&any_job("not yours")).await);
    let before = world.changes();
    for headers in [
        &[("Origin", "https://evil.example.org"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")][..],
        &[("Origin", "https://evil.example.org")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "same-site")],
    ] {
        let with_headers = |request: crate::support::Request| {
            headers.iter().fold(request, |request, (name, value)| request.header(name, value))
        };
        let stop = with_headers(world.gateway.post(&format!("/jobs/{job}/stop")));
        let stop = stop.header("Content-Type", "text/plain").body("a=b").await;
        assert_eq!(stop.problem(403, "forbidden").await["outcome"], "not_sent", "{stop}");
        with_headers(world.gateway.delete(&format!("/jobs/{job}"))).await.problem(403, "forbidden").await;
        with_headers(world.gateway.post_json("/jobs", &any_job("theirs"))).await.problem(403, "forbidden").await;
        with_headers(world.gateway.post("/jobs/events/tickets")).await.problem(403, "forbidden").await;
        with_headers(world.gateway.get("/jobs")).await.expect(200);
    }
    assert_eq!(world.changes(), before);
}

#[tokio::test]
async fn pages_of_the_gateway_and_of_allowed_origins_make_changes() {
    let world = World::with(ips_gateway::sandbox::Population::Seeded, &[("CORS_ORIGINS", APP)]);
    let own = format!("http://{}", world.gateway.address());
    for (origin, site) in [(&*own, "same-origin"), (APP, "cross-site")] {
        let submit = world.gateway.post_json("/jobs", &any_job("ours")).header("Origin", origin);
        submit.header("Sec-Fetch-Site", site).await.expect(202);
        world.gateway.post_json("/jobs", &any_job("ours")).header("Origin", origin).await.expect(202);
    }
    world.gateway.post_json("/jobs", &any_job("ours")).await.expect(202);
}
