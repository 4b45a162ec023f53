//! A replica dies in the middle of a keyed submit: another one answers for it, and IPS gets the job once.

use std::time::{Duration, Instant};

use ips_gateway::clock::Clock;
use ips_gateway::sandbox::users::ORDINARY;
use reqwest::Client;
use serde_json::Value;

use super::fleet::KEY as FLEET_KEY;
use super::redis_server::Redis;
use crate::support::process::Process;
use crate::support::{Answer, Gateway, Reply, ScriptedUpstream, active_job, any_job, envelope, id};

const KEY: &str = "\"5b0d6c1e-7f1a-4a55-9f43-9d5f0c7b7a10\"";
const SUBMIT: &str = "/jobs?companyHandle=c%7C110";
/// A record is held for so long after its owner was last heard of.
const HOLD: Duration = Duration::from_secs(6);

/// An IPS that never answers a submit, two replicas that live, and one that is about to die in the middle of its submit.
struct Scene {
    upstream: ScriptedUpstream,
    replicas: [Gateway; 2],
    dying: Option<Process>,
    _redis: Redis,
}

impl Scene {
    /// `None` where no `redis-server` is installed.
    async fn begin() -> Option<Self> {
        let redis = Redis::start()?;
        let upstream = ScriptedUpstream::start().await;
        upstream.reply("submitJob", Reply::Silence);
        let url = redis.url();
        let replicas = std::array::from_fn(|_| {
            let sharing = [("SHARED_CACHE_URL", url.as_str()), ("SHARED_CACHE_KEY", FLEET_KEY)];
            upstream.gateway(&Clock::system(), &sharing)
        });
        let sharing = [("IPS_GATEWAY_SHARED_CACHE_URL", url.as_str()), ("IPS_GATEWAY_SHARED_CACHE_KEY", FLEET_KEY)];
        let dying = Process::serve(upstream.url(), &[&sharing[..], &[("IPS_GATEWAY_UPSTREAM_TIMEOUT", "1m")]].concat());
        let client = Client::builder().no_proxy().build().expect("a client");
        let request = client.post(format!("{}{SUBMIT}", dying.url)).basic_auth(ORDINARY.email, Some(ORDINARY.password));
        let request = request.header("Content-Type", "application/json").header("Idempotency-Key", KEY);
        tokio::spawn(request.body(any_job("nightly").to_string()).send());
        let scene = Self { upstream, replicas, dying: Some(dying), _redis: redis };
        let deadline = Instant::now() + Duration::from_secs(20);
        while scene.upstream.calls("submitJob") == 0 {
            assert!(Instant::now() < deadline, "the submit never came to IPS");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(scene)
    }

    /// `kill -9`, for the replica that is to die.
    fn kill(&mut self) {
        drop(self.dying.take());
    }

    /// The name under which IPS got the job.
    fn name(&self) -> String {
        let requests = self.upstream.requests("submitJob");
        let name = requests[0].split("jobName>").nth(1).and_then(|rest| rest.split('<').next());
        name.unwrap_or_else(|| panic!("no name in {}", requests[0])).to_owned()
    }

    /// From now on IPS lists the job.
    fn list_job(&self) {
        let list = format!("<jobArray>{}</jobArray>", active_job(&self.name(), ""));
        self.upstream.reply("getActiveJobs", Reply::Xml(200, envelope("getActiveJobs", &list)));
    }

    async fn submit(&self, replica: usize) -> Answer {
        self.replicas[replica].post_json(SUBMIT, &any_job("nightly")).header("Idempotency-Key", KEY).await
    }

    /// What each of the replicas says, asked at once, when it says something else than to wait; and when that was.
    async fn verdicts(&self) -> [Answer; 2] {
        let began = Instant::now();
        let mut verdicts = [None, None];
        while verdicts.iter().any(Option::is_none) {
            assert!(began.elapsed() < 4 * HOLD, "nobody takes the submit over");
            let (first, second) = tokio::join!(self.submit(0), self.submit(1));
            for (verdict, answer) in verdicts.iter_mut().zip([first, second]) {
                match answer.status {
                    409 => drop(answer.problem(409, "submit-in-progress").await),
                    _ => *verdict = Some(answer),
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        verdicts.map(|verdict| verdict.expect("both have spoken"))
    }
}

#[tokio::test]
async fn a_submit_whose_owner_lives_is_nobody_elses_however_long_it_takes() {
    let Some(scene) = Scene::begin().await else { return };
    let began = Instant::now();
    while began.elapsed() < HOLD + Duration::from_secs(3) {
        for replica in 0..2 {
            scene.submit(replica).await.problem(409, "submit-in-progress").await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(scene.upstream.calls("submitJob"), 1);
}

#[tokio::test]
async fn a_submit_that_arrived_before_its_owner_died_is_found_by_the_others_and_not_sent_again() {
    let Some(mut scene) = Scene::begin().await else { return };
    scene.kill();
    scene.list_job();
    scene.submit(0).await.problem(409, "submit-in-progress").await;
    let verdicts = scene.verdicts().await.map(|answer| answer.expect(202).json());
    assert_eq!(id(&verdicts[0]), id(&verdicts[1]), "{verdicts:#?}");
    assert_eq!(verdicts[0]["originalName"], scene.name(), "{verdicts:#?}");
    assert!(verdicts.iter().any(|verdict| verdict["recovered"] == true), "{verdicts:#?}");
    for replica in 0..2 {
        assert_eq!(id(&scene.submit(replica).await.expect(202).json()), id(&verdicts[0]));
    }
    assert_eq!(scene.upstream.calls("submitJob"), 1, "IPS got it once");
}

#[tokio::test]
async fn a_submit_that_cannot_be_found_stays_unknown_until_it_can_and_is_not_sent_again() {
    let Some(mut scene) = Scene::begin().await else { return };
    scene.kill();
    let verdicts = scene.verdicts().await;
    let mut jobs = Vec::new();
    for verdict in &verdicts {
        let problem = verdict.problem(504, "submit-outcome-unknown").await;
        assert_eq!(problem["outcome"], "unknown", "{verdict}");
        jobs.push(problem["job"].clone());
    }
    assert_eq!(jobs[0], jobs[1]);
    let other = scene.replicas[0].post_json(SUBMIT, &any_job("another")).header("Idempotency-Key", KEY).await;
    other.problem(422, "idempotency-key-reused").await;

    scene.list_job();
    for replica in 0..2 {
        let found: Value = scene.submit(replica).await.expect(202).json();
        assert_eq!(found["id"], jobs[0], "{found:#}");
    }
    assert_eq!(scene.upstream.calls("submitJob"), 1, "IPS got it once");
}
