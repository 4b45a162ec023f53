//! The policy for URLs that a submit makes IPS call.

use ips_gateway::sandbox::Population;
use serde_json::{Value, json};

use crate::support::{World, any_job, upload};

fn publish(url: &str) -> Value {
    json!({ "jobName": "n", "imageServingPublishJob": { "publishType": "Full", "emailSetting": "None", "httpCompletionUrl": url } })
}

#[tokio::test]
async fn forbidden_urls_are_refused_with_a_pointer() {
    let world = World::empty();
    let private = "http://169.254.169.254/latest/meta-data";
    let mut after_upload = upload("n", &["https://images.example.com/a.tif"]);
    after_upload["uploadUrlsJob"]["postImageServingPublishJob"] = publish(private)["imageServingPublishJob"].clone();
    let mut post = any_job("n");
    post["uploadUrlsJob"] = upload("n", &["https://images.example.com/a.tif"])["uploadUrlsJob"].clone();
    post["uploadUrlsJob"]["postHttpUrl"] = json!("http://localhost:9200/");
    post.as_object_mut().expect("an object").remove("optimizeImagesJob");
    for (job, pointer) in [
        (publish(private), "/imageServingPublishJob/httpCompletionUrl"),
        (upload("n", &["https://images.example.com/a.tif", "http://0x7f.1/"]), "/uploadUrlsJob/urlArray/1/sourceUrl"),
        (after_upload, "/uploadUrlsJob/postImageServingPublishJob/httpCompletionUrl"),
        (post, "/uploadUrlsJob/postHttpUrl"),
    ] {
        for path in ["/jobs", "/jobs/validate"] {
            let answer = world.gateway.post_json(path, &job).await;
            let reason = answer.invalid_body(pointer).await;
            assert!(reason.contains("the host is not permitted"), "{reason}{answer}");
        }
    }
    assert_eq!(world.calls(), 0, "IPS was not asked");
    world.gateway.submit(&publish("https://hooks.example.com/done?job=1")).await;
}

#[tokio::test]
async fn hosts_and_schemes_are_configurable() {
    let settings = [("URL_HOSTS", "*.example.com,127.0.0.1"), ("URL_SCHEMES", "https")];
    let world = World::with(Population::Empty, &settings);
    for (url, allowed) in [
        ("https://hooks.example.com/", true),
        ("https://127.0.0.1/", true),
        ("https://hooks.example.org/", false),
        ("http://hooks.example.com/", false),
    ] {
        let answer = world.gateway.post_json("/jobs/validate", &publish(url)).await;
        assert_eq!(answer.status == 422, !allowed, "{url}{answer}");
    }
}
