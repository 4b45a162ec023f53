//! GET /publish-queue, `waitsFor` and `expectedEnd`.

use chrono::{DateTime, TimeDelta};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use serde_json::{Value, json};

use crate::support::{Gateway, LoggedJob, Quirk, START, ScriptedUpstream, World, fault, id};

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

/// A publish in the list of active jobs.
fn publish(name: &str, state: &str, more: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||{name}_1|1</jobHandle><name>{name}_1</name>\
         <originalName>{name}</originalName><type>ImageServingPublish</type><state>{state}</state>{more}</items>"
    )
}

fn jobs(items: &[String]) -> String {
    format!("<jobArray>{}</jobArray>", items.concat())
}

const STARTED: &str = "<startDate>2026-03-02T05:59:00-06:00</startDate><progress>40</progress>";

/// Publishes of the last hours that ran for these seconds, and one more that failed at once.
fn history(seconds: &[i64]) -> Vec<LoggedJob> {
    let now = DateTime::parse_from_rfc3339(START).expect("a time").timestamp_millis();
    let logged = |index: usize, duration| LoggedJob {
        log_type: "BeginImageServingPublish",
        duration,
        ..LoggedJob::new(format!("earlier{index}"), now - 3_600_000 * (i64::try_from(index).expect("a number") + 1))
    };
    let failed = LoggedJob { errors: 2, ..logged(100, 1) };
    seconds.iter().enumerate().map(|(index, duration)| logged(index, *duration)).chain([failed]).collect()
}

async fn only_job(gateway: &Gateway) -> Value {
    gateway.get("/jobs").await.ok()["jobs"][0].clone()
}

#[tokio::test]
async fn the_queue_has_the_running_publish_with_its_expected_end_and_the_waiting_ones_in_order() {
    let upstream = ScriptedUpstream::start().await;
    let waiting = |name, expected| publish(name, "WaitingCoordinator", &format!("<startDate>{expected}</startDate>"));
    let upload =
        "<items><name>u_1</name><originalName>u</originalName><type>UrlUpload</type><state>Running</state></items>";
    let list = [
        waiting("second", "2026-03-02T06:20:00-06:00"),
        waiting("first", "2026-03-02T06:10:00-06:00"),
        upload.to_owned(),
        publish("now", "Running", STARTED),
    ];
    upstream.answer("getActiveJobs", &jobs(&list));
    upstream.history(history(&[100, 400, 200]), Quirk::None);
    let gateway = upstream.gateway(&clock(), &[]);
    let answer = gateway.get("/publish-queue").await.expect(200);
    let queue = answer.json();
    let names = |list: &str| -> Vec<String> {
        queue[list].as_array().expect(list).iter().map(|job| job["title"].as_str().expect("a title").into()).collect()
    };
    assert_eq!((names("running"), names("waiting")), (vec!["now".into()], vec!["first".into(), "second".into()]));
    let running = &queue["running"][0];
    assert_eq!((&running["kind"], &running["percent"]), (&json!("imageServingPublish"), &json!(40)), "{queue:#}");
    assert_eq!(running["startedAt"], "2026-03-02T05:59:00-06:00");
    let expected = json!({
        "at": "2026-03-02T06:02:20-06:00", "from": "2026-03-02T06:00:40-06:00", "to": "2026-03-02T06:05:40-06:00", "basedOn": 3
    });
    assert_eq!(running["expectedEnd"], expected, "{queue:#}");
    assert_eq!(queue["waiting"][0]["waitsFor"], running["id"], "{queue:#}");
    let list = gateway.get("/jobs").await.ok();
    let waiting = list["jobs"].as_array().expect("jobs").iter().filter(|job| job["status"] == "waiting");
    let unestimated = waiting.chain(queue["waiting"].as_array().expect("those that wait"));
    assert!(
        unestimated.clone().count() == 4 && unestimated.clone().all(|job| job["expectedEnd"].is_null()),
        "{list:#}"
    );
    assert_eq!(queue["complete"], false, "API version 2014-04-03 is not known to list waiting jobs");
    let etag = answer.header("etag");
    gateway.get("/publish-queue").header("If-None-Match", etag).await.expect(304);
    assert_eq!((upstream.calls("getActiveJobs"), upstream.calls("getJobLogs")), (1, 1));
}

#[tokio::test]
async fn the_expected_end_costs_polls_no_call_and_stays_while_the_job_runs() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &jobs(&[publish("now", "Running", STARTED)]));
    upstream.history(history(&[100, 400, 200]), Quirk::None);
    let clock = clock();
    let gateway = upstream.gateway(&clock, &[]);
    assert!(only_job(&gateway).await["expectedEnd"].is_null(), "no history is known");
    assert_eq!(upstream.calls("getJobLogs"), 0, "a poll does not ask for it");
    gateway.get("/jobs?phase=completed").await.expect(200);
    clock.advance(TimeDelta::seconds(60));
    let known = only_job(&gateway).await["expectedEnd"].clone();
    assert_eq!(known["at"], "2026-03-02T06:02:20-06:00", "{known:#}");

    upstream.history(history(&[900, 900, 900, 900, 900]), Quirk::None);
    for minutes in [1, 10] {
        clock.advance(TimeDelta::minutes(minutes));
        if minutes == 1 {
            gateway.get("/jobs?phase=completed").header("Cache-Control", "no-cache").await.expect(200);
        }
        let list = gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok();
        assert_eq!(list["jobs"][0]["expectedEnd"], known, "{list:#}");
    }
    assert_eq!(upstream.calls("getJobLogs"), 2);
    // Another run of the same kind has the new durations, also when the history is no longer cached.
    let again = publish("again", "Running", "<startDate>2026-03-02T12:10:00Z</startDate>");
    upstream.answer("getActiveJobs", &jobs(&[again]));
    upstream.script("getJobLogs", |_| fault("ipsApiFault", 30000, "no", 500));
    clock.advance(TimeDelta::seconds(2));
    let list = gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok();
    let job = list["jobs"].as_array().expect("jobs").iter().find(|job| job["title"] == "again").expect("the new one");
    assert_eq!(
        (&job["expectedEnd"]["at"], &job["expectedEnd"]["basedOn"]),
        (&json!("2026-03-02T12:25:00Z"), &json!(5))
    );
}

#[tokio::test]
async fn fewer_than_three_runs_and_a_refused_history_give_no_expected_end() {
    for is_refused in [false, true] {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("getActiveJobs", &jobs(&[publish("now", "Running", STARTED)]));
        upstream.history(history(&[100, 400]), Quirk::None);
        if is_refused {
            upstream.script("getJobLogs", |_| fault("authorizationFault", 20003, "no", 500));
        }
        let queue = upstream.gateway(&clock(), &[]).get("/publish-queue").await.ok();
        assert_eq!(queue["running"][0]["title"], "now", "{queue:#}");
        assert!(queue["running"][0]["expectedEnd"].is_null(), "{queue:#}");
    }
}

#[tokio::test]
async fn a_submit_of_a_publish_says_for_which_one_it_waits() {
    let world = World::empty();
    let publish = |name: &str| json!({ "jobName": name, "imageServingPublishJob": { "publishType": "Full", "emailSetting": "None" } });
    let first = world.gateway.submit(&publish("first")).await;
    assert!(first["waitsFor"].is_null(), "{first:#}");
    world.advance(10_000);
    let running = world.gateway.job(&id(&first)).await;
    assert_eq!(running["status"], "running", "{running:#}");
    let second = world.gateway.submit(&publish("second")).await;
    assert_eq!(second["waitsFor"], first["id"], "{second:#}");
    let read = world.gateway.job(&id(&second)).await;
    assert_eq!((&read["status"], &read["waitsFor"]), (&json!("waiting"), &first["id"]), "{read:#}");
    let other = world.gateway.submit(&crate::support::any_job("other")).await;
    assert!(other["waitsFor"].is_null(), "it does not publish: {other:#}");
    let mut later = publish("later");
    later["execTime"] = json!("2026-03-02T13:30:00+01:00");
    let later = world.gateway.submit(&later).await;
    assert!(later["waitsFor"].is_null(), "it is scheduled: {later:#}");
    let done = world.finish(&id(&first)).await;
    assert!(done["waitsFor"].is_null() && done["expectedEnd"].is_null(), "{done:#}");
}

/// A submit of a publish to Image Serving.
fn image_serving(name: &str) -> Value {
    json!({ "jobName": name, "imageServingPublishJob": { "publishType": "Full", "emailSetting": "None" } })
}

/// The titles of the publishes that run, and of those that wait.
async fn queue(world: &World) -> (Vec<String>, Vec<String>) {
    let queue = world.gateway.get("/publish-queue").header("Cache-Control", "no-cache").await.ok();
    let titles = |list: &str| -> Vec<String> {
        let list = queue[list].as_array().unwrap_or_else(|| panic!("no {list}: {queue:#}"));
        list.iter().map(|job| job["title"].as_str().expect("a title").to_owned()).collect()
    };
    (titles("running"), titles("waiting"))
}

/// Time after which a job of the sandbox that is submitted is ready later than one before it, in milliseconds: it is ready after 2 to 6 s.
const LATER: i64 = 4_500;

/// Advances the clock until this publish runs alone, and returns those that wait.
async fn until_runs(world: &World, title: &str) -> Vec<String> {
    for _ in 0..100 {
        let (running, waiting) = queue(world).await;
        if running == [title] {
            return waiting;
        }
        world.advance(2_000);
    }
    panic!("{title} does not run")
}

#[tokio::test]
async fn one_publish_of_the_sandbox_runs_and_the_others_wait_for_it() {
    let world = World::empty();
    let first = world.gateway.submit(&image_serving("first")).await;
    world.advance(7_000);
    let second = json!({ "jobName": "second", "imageRenderingPublishJob": { "emailSetting": "None" } });
    let second = world.gateway.submit(&second).await;
    world.gateway.submit(&crate::support::any_job("no publish")).await;
    world.advance(LATER);
    world.gateway.submit(&image_serving("third")).await;
    world.advance(LATER);
    let answer = world.gateway.get("/publish-queue").header("Cache-Control", "no-cache").await.ok();
    let (running, waiting) = (&answer["running"], &answer["waiting"]);
    let common =
        |job: &Value| ["id", "kind", "title", "submittedBy", "status", "waitsFor"].map(|name| job[name].clone());
    let submitter = json!(ips_gateway::sandbox::users::ORDINARY.email);
    let expected = [
        first["id"].clone(),
        json!("imageServingPublish"),
        json!("first"),
        submitter.clone(),
        json!("running"),
        Value::Null,
    ];
    assert_eq!((running.as_array().map(Vec::len), common(&running[0])), (Some(1), expected), "{answer:#}");
    assert!(running[0]["percent"].is_u64() && running[0]["startedAt"].is_string(), "{answer:#}");
    let expected = [
        second["id"].clone(),
        json!("imageRenderingPublish"),
        json!("second"),
        submitter,
        json!("waiting"),
        first["id"].clone(),
    ];
    assert_eq!((waiting.as_array().map(Vec::len), common(&waiting[0])), (Some(2), expected), "{answer:#}");
    let message = world.gateway.job(&id(&second)).await["progressMessage"].clone();
    assert_eq!(message, "Waiting for other jobs of the company");
    let other = &world.gateway.get("/jobs?q=no%20publish").await.ok()["jobs"][0];
    assert_eq!(other["status"], "running", "it needs no slot: {other:#}");

    let of_other_company = format!("/jobs?companyHandle={}", "c%7C47");
    let others = world.gateway.as_user(&ips_gateway::sandbox::users::BOTH_COMPANIES);
    let elsewhere = others.post_json(&of_other_company, &image_serving("elsewhere")).await.expect(202);
    world.advance(8_000);
    let elsewhere =
        others.get(&format!("/jobs/{}", id(&elsewhere.json()))).header("Cache-Control", "no-cache").await.ok();
    assert_eq!(elsewhere["status"], "running", "each company has a slot: {elsewhere:#}");

    assert_eq!(until_runs(&world, "second").await, ["third"]);
    assert!(until_runs(&world, "third").await.is_empty());
}

#[tokio::test]
async fn a_stop_frees_the_slot_of_the_sandbox_a_pause_holds_it_and_an_execute_needs_none() {
    let world = World::empty();
    let mut ids = Vec::new();
    for name in ["first", "second", "third", "fourth"] {
        ids.push(id(&world.gateway.submit(&image_serving(name)).await));
        match name {
            "first" => world.advance(7_000),
            "fourth" => {}
            _ => world.advance(LATER),
        }
    }
    assert_eq!(until_runs(&world, "first").await, ["second", "third", "fourth"]);
    let act = |job: &str, action: &str| world.gateway.post(&format!("/jobs/{job}/{action}"));
    act(&ids[0], "pause").await.expect(202);
    world.advance(600_000);
    let (_, waiting) = queue(&world).await;
    assert_eq!(waiting, ["second", "third", "fourth"], "a paused publish keeps the slot");
    act(&ids[0], "resume").await.expect(202);
    act(&ids[1], "pause").await.expect(202);
    act(&ids[0], "stop").await.expect(202);
    assert_eq!(
        until_runs(&world, "third").await.last().map(String::as_str),
        Some("fourth"),
        "the paused one is passed"
    );
    act(&ids[3], "execute").await.expect(202);
    let (mut running, _) = queue(&world).await;
    running.sort();
    assert_eq!(running, ["fourth", "third"], "an executed publish runs at once");
    act(&ids[1], "resume").await.expect(202);
    assert!(until_runs(&world, "second").await.is_empty());
}

#[tokio::test]
async fn the_queue_has_an_entity_tag_of_its_meaning_and_a_long_poll_waits_for_a_change() {
    let world = World::empty();
    let first = world.gateway.get("/publish-queue").await.expect(200);
    let etag = first.header("etag").to_owned();
    let conditional = || world.gateway.get("/publish-queue").header("If-None-Match", &etag);
    world.advance(60_000);
    let unchanged = conditional().header("Cache-Control", "no-cache").await.expect(304);
    assert_eq!(unchanged.header("etag"), etag, "the time of the list is not part of it");
    let upload = world.gateway.submit(&crate::support::any_job("no publish")).await;
    world.finish(&id(&upload)).await;
    conditional().header("Cache-Control", "no-cache").await.expect(304);

    let poll = conditional().header("Prefer", "wait=50");
    let poll = tokio::spawn(async move { poll.await });
    let submitted = world.gateway.submit(&image_serving("new")).await;
    let changed = poll.await.expect("no panic").expect(200);
    assert_eq!(changed.header("preference-applied"), "wait=50");
    assert_ne!(changed.header("etag"), etag);
    assert_eq!(changed.json()["waiting"][0]["id"], submitted["id"], "{changed}");
    let started = world.gateway.get("/publish-queue").header("If-None-Match", changed.header("etag"));
    world.advance(10_000);
    assert_eq!(started.header("Cache-Control", "no-cache").await.ok()["running"][0]["id"], submitted["id"]);
}

#[tokio::test]
async fn the_queue_of_the_sandbox_is_that_of_its_list() {
    let world = World::with(Population::Seeded, &[]);
    world.gateway.submit(&image_serving("p")).await;
    world.advance(10_000);
    let queue = world.gateway.get("/publish-queue").await.ok();
    let list = world.gateway.get("/jobs").await.ok();
    for (member, status) in [("running", "running"), ("waiting", "waiting")] {
        let of_list = list["jobs"].as_array().expect("jobs").iter().filter(|job| {
            job["status"] == status && job["kind"].as_str().is_some_and(|kind| kind.ends_with("Publish"))
        });
        let ids = |jobs: Vec<&Value>| {
            let mut ids: Vec<_> = jobs.into_iter().map(id).collect();
            ids.sort();
            ids
        };
        let queued = queue[member].as_array().expect(member).iter().collect();
        assert_eq!(ids(queued), ids(of_list.collect()), "{queue:#}");
    }
    let submitted = queue["waiting"].as_array().expect("waiting").iter().find(|job| job["title"] == "p");
    assert!(submitted.is_some_and(|job| job["waitsFor"].is_string()), "publishes of the seed run: {queue:#}");
    world.gateway.get("/publish-queue?x=1").await.invalid_parameter("x").await;
}
