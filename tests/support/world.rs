//! The sandbox and a gateway in front of it, with one clock.

use chrono::{DateTime, TimeDelta, Utc};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::{Value, json};

use super::Gateway;

/// A sandbox and a gateway with the credentials of an ordinary user of its first company.
pub struct World {
    pub gateway: Gateway,
    pub sandbox: Sandbox,
    pub clock: Clock,
}

/// The initial time of manual clocks: a Monday, 06:00 in the time zone of the sandbox.
pub const START: &str = "2026-03-02T12:00:00Z";

impl World {
    /// A world without jobs.
    pub fn empty() -> Self {
        Self::with(Population::Empty, &[])
    }

    /// A world with jobs in every phase.
    pub fn seeded() -> Self {
        Self::with(Population::Seeded, &[])
    }

    /// A world with jobs in every phase, whose sandbox has scripted faults.
    pub fn scripted(script: &str) -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let script = script.parse().unwrap_or_else(|errors| panic!("{errors}"));
        let config = SandboxConfig { clock: clock.clone(), new_job_interval: None, script, ..SandboxConfig::default() };
        Self::start(config, clock, &[])
    }

    pub fn with(population: Population, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let config =
            SandboxConfig { clock: clock.clone(), new_job_interval: None, population, ..SandboxConfig::default() };
        Self::start(config, clock, settings)
    }

    fn start(config: SandboxConfig, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start(config).expect("a free port");
        let gateway = Gateway::start(&sandbox.url(), sandbox.version(), &clock, settings);
        Self { gateway, sandbox, clock }
    }

    /// Advances the clock.
    pub fn advance(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }

    /// Advances the clock until the job is completed.
    pub async fn finish(&self, id: &str) -> Value {
        let mut job = self.gateway.job(id).await;
        for _ in 0..60 {
            if job["status"] == "completed" {
                return job;
            }
            self.advance(5_000);
            job = self.gateway.job(id).await;
        }
        panic!("it never finished: {job:#}")
    }

    /// The number of calls of each mutating operation.
    pub fn changes(&self) -> Vec<(&'static str, u64)> {
        ["submitJob", "stopJob", "pauseJob", "resumeJob", "executeJob", "deleteJob"]
            .map(|operation| (operation, self.sandbox.calls(operation)))
            .into()
    }

    /// The number of calls of all operations.
    pub fn calls(&self) -> u64 {
        ips_gateway::ips::types::OPERATIONS.iter().map(|operation| self.sandbox.calls(operation)).sum()
    }
}

/// A job of any kind: it optimizes images.
pub fn any_job(name: &str) -> Value {
    json!({ "jobName": name, "optimizeImagesJob": { "emailSetting": "None" } })
}

/// A job that uploads these URLs.
pub fn upload(name: &str, urls: &[&str]) -> Value {
    let urls: Vec<_> = urls.iter().map(|url| json!({ "sourceUrl": url, "destPath": "incoming/" })).collect();
    json!({
        "jobName": name,
        "uploadUrlsJob": {
            "urlArray": urls, "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "None"
        }
    })
}

/// The jobs of a list by their original names.
pub fn names(list: &Value) -> Vec<String> {
    let jobs =
        list["jobs"].as_array().or_else(|| list["logs"].as_array()).unwrap_or_else(|| panic!("no list: {list:#}"));
    let name = |job: &Value| job["originalName"].as_str().or_else(|| job["originalJobName"].as_str()).map(Into::into);
    jobs.iter().map(|job| name(job).unwrap_or_else(|| panic!("no name: {job:#}"))).collect()
}

/// The `id` of a job.
pub fn id(job: &Value) -> String {
    job["id"].as_str().unwrap_or_else(|| panic!("no id: {job:#}")).to_owned()
}
