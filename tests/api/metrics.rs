//! What Prometheus reads.

use crate::support::World;

#[tokio::test]
async fn metrics_tell_of_routes_and_operations_and_name_nobody() {
    let world = World::seeded();
    let job = world.gateway.get("/jobs").await.ok()["jobs"][0]["id"].as_str().expect("a job").to_owned();
    world.gateway.get(&format!("/jobs/{job}")).await.expect(200);
    world.gateway.get("/nowhere").await.expect(404);
    let answer = world.gateway.called_by_nobody().get("/metrics").await.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer}");
    let text = answer.text();
    for line in [
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/jobs/{job}\",http_response_status_code=\"200\"}",
        "http_client_request_duration_seconds_count{rpc_method=\"getActiveJobs\",result=\"ok\"}",
        "ips_gateway_snapshot_reads_total{list=\"active\",result=\"loaded\"}",
        "ips_gateway_snapshots{list=\"active\"}",
        "ips_gateway_build_info{version=",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    for private in ["c|110", "c%7C110", "example.com", &job, "/nowhere"] {
        assert!(!text.contains(private), "{private} is in\n{text}");
    }
}
