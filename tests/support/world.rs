//! The sandbox and a gateway before it, sharing a clock.

use chrono::{DateTime, TimeDelta, Utc};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::{Value, json};

use super::Gateway;

/// A sandbox and a gateway, called by an ordinary user of its first company.
pub struct World {
    pub gateway: Gateway,
    pub sandbox: Sandbox,
    pub clock: Clock,
}

/// A Monday, six in the morning at the sandbox's server.
pub const START: &str = "2026-03-02T12:00:00Z";

impl World {
    /// No jobs.
    pub fn empty() -> Self {
        Self::with(Population::Empty, &[])
    }

    /// Jobs in every phase.
    pub fn seeded() -> Self {
        Self::with(Population::Seeded, &[])
    }

    pub fn with(population: Population, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let config =
            SandboxConfig { clock: clock.clone(), new_job_interval: None, population, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).expect("a free port");
        let gateway = Gateway::start(&sandbox.url(), sandbox.version(), &clock, settings);
        Self { gateway, sandbox, clock }
    }

    /// Puts the clock forward.
    pub fn pass(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }

    /// Lets time pass until the job is in the log.
    pub async fn finish(&self, id: &str) -> Value {
        let mut job = self.gateway.job(id).await;
        for _ in 0..60 {
            if job["status"] == "completed" {
                return job;
            }
            self.pass(5_000);
            job = self.gateway.job(id).await;
        }
        panic!("it never finished: {job:#}")
    }

    /// How often the sandbox was asked for each operation that changes something.
    pub fn changes(&self) -> Vec<(&'static str, u64)> {
        ["submitJob", "stopJob", "pauseJob", "resumeJob", "executeJob", "deleteJob"]
            .map(|operation| (operation, self.sandbox.calls(operation)))
            .into()
    }

    /// How often the sandbox was asked for anything.
    pub fn calls(&self) -> u64 {
        ips_gateway::ips::types::OPERATIONS.iter().map(|operation| self.sandbox.calls(operation)).sum()
    }
}

/// A job that optimizes images, for when it doesn't matter what it does.
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
