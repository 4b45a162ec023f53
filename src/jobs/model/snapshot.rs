//! Snapshot of a job list: the jobs of one response of IPS, with the response body of the gateway rendered once for all readers.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::ips::types::MAX_LOG_ROWS;
use crate::jobs::model::job::{Job, Phase, RunDurations};
use crate::jobs::model::json::{ListBody, RenderedJob, etag_of, etag_with_staleness};
use crate::jobs::model::status::StaleReason;
use crate::runtime::clock::ClockReading;
use crate::upstream::BadItem;

/// Overhead of a snapshot in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 1024;

/// List of jobs, rendered for all readers.
#[derive(Debug)]
pub struct RenderedList {
    /// JSON of the list.
    pub body: Bytes,
    /// Weak entity tag of the list (RFC 9110 §8.8.3).
    pub etag: String,
    gzip: OnceLock<Bytes>,
}

impl RenderedList {
    fn new(list: &ListBody<'_>, etag: String) -> Self {
        Self { body: list.write(), etag, gzip: OnceLock::new() }
    }

    /// Returns the JSON of the list, compressed (gzip, RFC 1952) at the first call.
    pub fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| gzip(&self.body)).clone()
    }
}

/// Snapshot of a job list, in the order of IPS.
#[derive(Debug)]
pub struct Snapshot {
    /// Time at which IPS returned the list.
    pub observed_at: ClockReading,
    /// Jobs, each with its JSON.
    pub jobs: Vec<Arc<RenderedJob>>,
    /// Items of the IPS response that could not be read.
    pub bad_items: Vec<BadItem>,
    rendered: RenderedList,
    /// The list marked as stale, rendered for its first reader.
    rendered_stale: OnceLock<RenderedList>,
    by_id: HashMap<String, usize>,
    /// Follow-on jobs, by the id of their parent.
    by_parent: HashMap<String, Vec<usize>>,
    departed: DepartedJobs,
    durations: Arc<RunDurations>,
}

/// Jobs that left the active list, by id.
#[derive(Debug, Clone, Default)]
pub struct DepartedJobs {
    /// Finalizing jobs, with the time at which each was first missing from the list of IPS.
    pub finalizing: HashMap<String, ClockReading>,
    /// Jobs in the job log, with the time at which they were found there.
    pub completed: HashMap<String, (Arc<RenderedJob>, ClockReading)>,
}

impl Snapshot {
    /// Renders the snapshot of a list that IPS returned at `observed_at`.
    #[must_use]
    pub fn new(jobs: Vec<Job>, bad_items: Vec<BadItem>, observed_at: ClockReading) -> Self {
        let jobs = jobs.into_iter().map(|job| Arc::new(RenderedJob::new(job, observed_at.wall))).collect();
        Self::of_rendered(jobs, bad_items, observed_at, DepartedJobs::default())
    }

    /// Puts the snapshot together from rendered jobs. `jobs` includes the finalizing ones of `departed`.
    #[must_use]
    pub fn of_rendered(
        jobs: Vec<Arc<RenderedJob>>,
        bad_items: Vec<BadItem>,
        observed_at: ClockReading,
        departed: DepartedJobs,
    ) -> Self {
        let by_id = jobs.iter().enumerate().map(|(index, job)| (job.job.id.clone(), index)).collect();
        let mut by_parent: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, job) in jobs.iter().enumerate() {
            if let Some(parent) = &job.job.parent {
                by_parent.entry(parent.clone()).or_default().push(index);
            }
        }
        let etag = etag_of(&jobs, &bad_items, &[]);
        let list = ListBody {
            member: "jobs",
            jobs: &jobs,
            bad_items: &bad_items,
            observed_at: Some(observed_at.wall),
            stale: None,
            next: None,
            denied: &[],
            is_truncated: false,
        };
        let rendered = RenderedList::new(&list, etag);
        let (rendered_stale, durations) = (OnceLock::new(), Arc::default());
        Self { observed_at, jobs, bad_items, rendered, rendered_stale, by_id, by_parent, departed, durations }
    }

    /// Returns the snapshot with the durations of completed jobs of the company.
    #[must_use]
    pub fn with_durations(self, durations: Arc<RunDurations>) -> Self {
        Self { durations, ..self }
    }

    /// Returns the durations of completed jobs of the company, as far as they were known when the list was loaded.
    #[must_use]
    pub fn durations(&self) -> &Arc<RunDurations> {
        &self.durations
    }

    /// Returns the list as it is rendered while calls to IPS succeed, or marked as stale.
    #[must_use]
    pub fn rendered(&self, stale: Option<StaleReason>) -> &RenderedList {
        if stale.is_none() {
            return &self.rendered;
        }
        self.rendered_stale.get_or_init(|| {
            let list = ListBody {
                member: "jobs",
                jobs: &self.jobs,
                bad_items: &self.bad_items,
                observed_at: Some(self.observed_at.wall),
                stale,
                next: None,
                is_truncated: false,
                denied: &[],
            };
            RenderedList::new(&list, etag_with_staleness(&self.rendered.etag, stale))
        })
    }

    /// Returns the weak entity tag of the list, without regard to staleness.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.rendered.etag
    }

    /// Returns whether the list is the history, and not empty.
    #[must_use]
    pub fn is_history(&self) -> bool {
        self.jobs.first().is_some_and(|job| job.job.phase == Phase::Completed)
    }

    /// Returns whether IPS cut the list off, as it does with job logs: it may have older ones.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.is_history() && self.jobs.len() + self.bad_items.len() >= MAX_LOG_ROWS as usize
    }

    /// Returns the jobs that left the list.
    #[must_use]
    pub fn departed(&self) -> &DepartedJobs {
        &self.departed
    }

    /// Returns the job with this id that left the list and is in the job log.
    #[must_use]
    pub fn completed_job(&self, id: &str) -> Option<&Arc<RenderedJob>> {
        self.departed.completed.get(id).map(|(job, _)| job)
    }

    /// Returns the job of the list with this id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Arc<RenderedJob>> {
        self.by_id.get(id).map(|index| &self.jobs[*index])
    }

    /// Returns the jobs that IPS ran after the job with this id: those of the list, and those that left it.
    pub fn follow_ons<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Job> + Clone {
        let indices = self.by_parent.get(parent).into_iter().flatten();
        let departed = self.departed.completed.values().map(|(job, _)| &job.job);
        let departed = departed.filter(move |job| job.parent.as_deref() == Some(parent));
        indices.map(|index| &self.jobs[*index].job).chain(departed)
    }

    /// Returns the jobs of the list, and those that left it and are in the job log.
    pub fn all_jobs(&self) -> impl Iterator<Item = &Job> + Clone {
        self.jobs.iter().chain(self.departed.completed.values().map(|(job, _)| job)).map(|job| &job.job)
    }

    /// Returns the approximate memory of the snapshot, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        // The parsed jobs take about as much memory as their JSON; the body contains it once more, and the stale body and the compressed
        // bodies may.
        let completed: usize = self.departed.completed.values().map(|(job, _)| 2 * job.json.len()).sum();
        4 * self.rendered.body.len() + completed + self.durations.weight() + OVERHEAD_BYTES
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
}
