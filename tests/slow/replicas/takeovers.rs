//! A replica dies in the middle of a keyed submit: another one takes its lease over, and IPS receives the job once.

use std::time::{Duration, Instant};

use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::ORDINARY;
use serde_json::Value;

use super::fleet::KEY as FLEET_KEY;
use super::redis_server::Redis;
use crate::support::process::Process;
use crate::support::{Answer, Gateway, Reply, ScriptedUpstream, active_job, any_job, envelope, http_client, id};

const KEY: &str = "\"5b0d6c1e-7f1a-4a55-9f43-9d5f0c7b7a10\"";
const SUBMIT: &str = "/jobs?companyHandle=c%7C110";
/// The lease time of a submit after its last renewal.
const LEASE: Duration = Duration::from_secs(6);

/// An IPS that never answers a submit, two living replicas, and a third one in the middle of its submit, to be killed.
struct Takeover {
    upstream: ScriptedUpstream,
    replicas: [Gateway; 2],
    dying: Option<Process>,
    _redis: Redis,
}

impl Takeover {
    /// `None` if `redis-server` is not installed.
    async fn start() -> Option<Self> {
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
        let client = http_client();
        let request = client.post(format!("{}{SUBMIT}", dying.url)).basic_auth(ORDINARY.email, Some(ORDINARY.password));
        let request = request.header("Content-Type", "application/json").header("Idempotency-Key", KEY);
        tokio::spawn(request.body(any_job("nightly").to_string()).send());
        let takeover = Self { upstream, replicas, dying: Some(dying), _redis: redis };
        let deadline = Instant::now() + Duration::from_secs(20);
        while takeover.upstream.calls("submitJob") == 0 {
            assert!(Instant::now() < deadline, "no call of submitJob");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(takeover)
    }

    /// Kills the third replica.
    fn kill(&mut self) {
        drop(self.dying.take());
    }

    /// The name of the job that IPS received.
    fn name(&self) -> String {
        let requests = self.upstream.requests("submitJob");
        let name = requests[0].split("jobName>").nth(1).and_then(|rest| rest.split('<').next());
        name.unwrap_or_else(|| panic!("no name in {}", requests[0])).to_owned()
    }

    /// Makes IPS list the job.
    fn list_job(&self) {
        let list = format!("<jobArray>{}</jobArray>", active_job(&self.name(), ""));
        self.upstream.reply("getActiveJobs", Reply::Xml(200, envelope("getActiveJobs", &list)));
    }

    async fn submit(&self, replica: usize) -> Answer {
        self.replicas[replica].post_json(SUBMIT, &any_job("nightly")).header("Idempotency-Key", KEY).await
    }

    /// The first response of each replica, called concurrently, that is no `submit-in-progress`.
    async fn responses(&self) -> [Answer; 2] {
        let began = Instant::now();
        let mut responses = [None, None];
        while responses.iter().any(Option::is_none) {
            assert!(began.elapsed() < 4 * LEASE, "no replica takes the submit over");
            let (first, second) = tokio::join!(self.submit(0), self.submit(1));
            for (response, answer) in responses.iter_mut().zip([first, second]) {
                match answer.status {
                    409 => drop(answer.problem(409, "submit-in-progress").await),
                    _ => *response = Some(answer),
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        responses.map(|response| response.expect("both have responded"))
    }
}

#[tokio::test]
async fn a_lease_of_a_living_replica_is_never_taken_over() {
    let Some(takeover) = Takeover::start().await else { return };
    let began = Instant::now();
    while began.elapsed() < LEASE + Duration::from_secs(3) {
        for replica in 0..2 {
            takeover.submit(replica).await.problem(409, "submit-in-progress").await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(takeover.upstream.calls("submitJob"), 1);
}

#[tokio::test]
async fn a_submit_that_arrived_before_its_replica_died_is_recovered_and_not_sent_again() {
    let Some(mut takeover) = Takeover::start().await else { return };
    takeover.kill();
    takeover.list_job();
    takeover.submit(0).await.problem(409, "submit-in-progress").await;
    let responses = takeover.responses().await.map(|answer| answer.expect(202).json());
    assert_eq!(id(&responses[0]), id(&responses[1]), "{responses:#?}");
    assert_eq!(responses[0]["originalName"], takeover.name(), "{responses:#?}");
    assert!(responses.iter().any(|response| response["recovered"] == true), "{responses:#?}");
    for replica in 0..2 {
        assert_eq!(id(&takeover.submit(replica).await.expect(202).json()), id(&responses[0]));
    }
    assert_eq!(takeover.upstream.calls("submitJob"), 1, "IPS received it once");
}

#[tokio::test]
async fn a_submit_that_is_not_found_stays_unknown_until_it_is_and_is_not_sent_again() {
    let Some(mut takeover) = Takeover::start().await else { return };
    takeover.kill();
    let responses = takeover.responses().await;
    let mut jobs = Vec::new();
    for response in &responses {
        let problem = response.problem(504, "submit-outcome-unknown").await;
        assert_eq!(problem["outcome"], "unknown", "{response}");
        jobs.push(problem["job"].clone());
    }
    assert_eq!(jobs[0], jobs[1]);
    let other = takeover.replicas[0].post_json(SUBMIT, &any_job("another")).header("Idempotency-Key", KEY).await;
    other.problem(422, "idempotency-key-reused").await;

    takeover.list_job();
    for replica in 0..2 {
        let found: Value = takeover.submit(replica).await.expect(202).json();
        assert_eq!(found["id"], jobs[0], "{found:#}");
    }
    assert_eq!(takeover.upstream.calls("submitJob"), 1, "IPS received it once");
}
