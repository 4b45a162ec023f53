//! Follow-on jobs: the publish after an upload; and the result of an export.

use chrono::TimeDelta;
use ips_gateway::sandbox::users::{ORDINARY, OUTFITTERS};

use super::lifecycle::until_running;
use super::soap::{Element, Fixture, company, texts, upload};

const POST: &str = "<postImageServingPublishJob><publishType>Incremental</publishType><emailSetting>None</emailSetting>\
    </postImageServingPublishJob>";

/// Returns an upload with these elements at its end.
fn upload_with(urls: &[&str], rest: &str) -> String {
    upload(urls).replace("</uploadUrlsJob>", &format!("{rest}</uploadUrlsJob>"))
}

async fn logs_of(fixture: &Fixture, original_name: &str) -> Vec<Element> {
    let inner = format!("{}<originalName>{original_name}</originalName>", company(&OUTFITTERS));
    fixture.call(&ORDINARY, "getJobLogDetails", &inner).await.answer().all("jobLogArray/items")
}

#[tokio::test]
async fn an_upload_is_followed_by_a_publish_with_its_own_name_handle_and_log() {
    let fixture = Fixture::empty();
    fixture
        .submit(&ORDINARY, "boots", &upload_with(&["https://x.example.com/a.tif", "https://gone.invalid/b.tif"], POST))
        .await;
    let first = until_running(&fixture).await;
    let follow_on = loop {
        fixture.advance(TimeDelta::seconds(1));
        let jobs = fixture.active(&ORDINARY).await;
        if let Some(job) = jobs.into_iter().find(|job| job.text("jobHandle") != first.text("jobHandle")) {
            break job;
        }
    };
    assert_eq!(follow_on.text("originalName"), "boots");
    assert_eq!(follow_on.text("name"), format!("{}_ImageServingPublish", first.text("name")));
    assert_eq!(
        (follow_on.text("type"), follow_on.text("imageServingPublishJob/publishType")),
        ("ImageServingPublish".into(), "Incremental".into())
    );
    assert_eq!(follow_on.number("progress"), 0.0);
    fixture.advance(TimeDelta::minutes(3));
    let logs = logs_of(&fixture, "boots").await;
    assert_eq!(texts(&logs, "logType"), ["BeginUploadUrls", "BeginImageServingPublish"]);
    let [uploaded, published] = &logs[..] else { panic!("{logs:#?}") };
    assert_eq!([uploaded.number("fileErrorCount"), published.number("fileErrorCount")], [1.0, 0.0]);
    assert_eq!(published.number("totalFileCount"), 1.0, "what was uploaded");
    assert!(published.time("startDate") >= uploaded.time("endDate"), "{published:#?}");
    let entries = published.all("detailArray/items");
    let initiator = entries.iter().find(|entry| entry.text("logType") == "InitiatingJobName").expect("an entry");
    assert_eq!(initiator.text("logMessage"), first.text("name"));
    assert_eq!(published.text("jobName"), follow_on.text("name"));
}

#[tokio::test]
async fn a_stopped_upload_and_one_without_files_are_not_followed() {
    for (urls, rest, stops, count) in [
        (["https://x.example.com/a.tif"], POST.to_owned(), true, 1),
        (["https://gone.invalid/a.tif"], POST.to_owned(), false, 2),
        (["https://gone.invalid/a.tif"], format!("<postJobOnlyIfFiles>true</postJobOnlyIfFiles>{POST}"), false, 1),
        (["https://x.example.com/a.tif"], format!("<postJobOnlyIfFiles>true</postJobOnlyIfFiles>{POST}"), false, 2),
    ] {
        let fixture = Fixture::empty();
        let handle = fixture.submit(&ORDINARY, "boots", &upload_with(&urls, &rest)).await;
        until_running(&fixture).await;
        if stops {
            fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
        }
        fixture.advance(TimeDelta::minutes(10));
        assert_eq!(logs_of(&fixture, "boots").await.len(), count, "{urls:?} {rest}");
    }
}

#[tokio::test]
async fn a_follow_on_can_be_stopped_and_an_upload_has_at_most_one() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "boots", &upload_with(&["https://x.example.com/a.tif"], POST)).await;
    while fixture.active(&ORDINARY).await.iter().all(|job| job.text("type") == "UrlUpload") {
        fixture.advance(TimeDelta::seconds(1));
    }
    fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
    fixture.advance(TimeDelta::minutes(2));
    let log = logs_of(&fixture, "boots").await.remove(1);
    assert!(log.texts("detailArray/items/logType").contains(&"FileCancel".into()), "{log:#?}");
    let two = format!("{POST}<postVideoPublishJob><emailSetting>None</emailSetting></postVideoPublishJob>");
    let inner = format!(
        "{}<jobName>two</jobName>{}",
        company(&OUTFITTERS),
        upload_with(&["https://x.example.com/a.tif"], &two)
    );
    assert_eq!(fixture.call(&ORDINARY, "submitJob", &inner).await.code(), 30001);
}

#[tokio::test]
async fn a_recurring_upload_is_followed_after_each_run() {
    let fixture = Fixture::empty();
    let details =
        format!("<execSchedule>0 0 * * * ?</execSchedule>{}", upload_with(&["https://x.example.com/a.tif"], POST));
    fixture.submit(&ORDINARY, "feed", &details).await;
    fixture.advance(TimeDelta::hours(3) + TimeDelta::minutes(30));
    let names = texts(&logs_of(&fixture, "feed").await, "jobName");
    assert_eq!(names.len(), 6, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with("_ImageServingPublish")).count(), 3, "{names:?}");
}

#[tokio::test]
async fn the_log_of_an_export_has_the_address_of_its_archive() {
    let fixture = Fixture::empty();
    let export = |handle| {
        format!(
            "<exportJob><assetHandleArray><items>{handle}</items></assetHandleArray><fmt>orig</fmt><emailSetting>None</emailSetting></exportJob>"
        )
    };
    fixture.submit(&ORDINARY, "good", &export("a|11004")).await;
    fixture.submit(&ORDINARY, "bad", &export("a|0")).await;
    fixture.advance(TimeDelta::minutes(3));
    for (name, count) in [("good", 1), ("bad", 0)] {
        let log = logs_of(&fixture, name).await.remove(0);
        let archives = log.texts("detailArray/items/assetName").into_iter().filter(|name| name.starts_with("http"));
        let archives: Vec<_> = archives.collect();
        assert!(archives.len() == count && archives.iter().all(|url| url.contains(".zip")), "{name}: {log:#?}");
    }
}
