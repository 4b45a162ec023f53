//! Snapshot of a job list: the jobs of one response of IPS, with the response body of the gateway rendered once for all readers.

use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::ips::types::MAX_LOG_ROWS;
use crate::jobs::model::job::{Job, Phase, RunDurations};
use crate::jobs::model::json::{ListBody, RenderedJob, etag_of, etag_with_staleness, render_list};
use crate::jobs::model::status::StaleReason;
use crate::runtime::clock::ClockReading;
use crate::upstream::BadItem;

/// Overhead of a snapshot in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 1024;
/// Maximum number of pages that a snapshot keeps.
const MAX_PAGES: usize = 16;

/// List of jobs, rendered for all readers.
#[derive(Debug)]
pub struct RenderedList {
    /// JSON of the list.
    pub body: Bytes,
    /// Weak entity tag of the list (RFC 9110 §8.8.3).
    pub etag: String,
    gzip: OnceLock<Bytes>,
    /// Whether it was read compressed.
    has_gzip_readers: AtomicBool,
}

impl RenderedList {
    fn new(body: Bytes, etag: String) -> Self {
        Self { body, etag, gzip: OnceLock::new(), has_gzip_readers: AtomicBool::new(false) }
    }

    /// Returns the JSON of the list for a reader, compressed (gzip, RFC 1952) at the first call.
    pub fn gzip(&self) -> Bytes {
        if !self.has_gzip_readers.load(Ordering::Relaxed) {
            self.has_gzip_readers.store(true, Ordering::Relaxed);
        }
        self.compressed().clone()
    }

    fn compressed(&self) -> &Bytes {
        self.gzip.get_or_init(|| gzip(&self.body))
    }
}

/// Page of the jobs of a snapshot, rendered for all readers with the same query.
#[derive(Debug, Clone)]
pub struct RenderedPage {
    /// JSON of the page.
    pub body: Bytes,
    /// Weak entity tag of the page.
    pub etag: String,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// Pages of a snapshot that were rendered last, with the keys of their queries, the most recently used one last. Their bodies take at most half
/// as much memory as that of the list.
#[derive(Debug, Default)]
struct RenderedPages(Mutex<Vec<(Box<[u8]>, RenderedPage)>>);

impl RenderedPages {
    fn get(&self, key: &[u8]) -> Option<RenderedPage> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = pages.iter().position(|(known, _)| **known == *key)?;
        pages[index..].rotate_left(1);
        pages.last().map(|(_, page)| page.clone())
    }

    fn insert(&self, key: &[u8], page: &RenderedPage, max_bytes: usize) {
        let bytes = |(key, page): &(Box<[u8]>, RenderedPage)| key.len() + page.body.len();
        let new = (key.into(), page.clone());
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes(&new) > max_bytes || pages.iter().any(|(known, _)| **known == *key) {
            return;
        }
        pages.push(new);
        while pages.len() > MAX_PAGES || pages.iter().map(bytes).sum::<usize>() > max_bytes {
            pages.remove(0);
        }
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
    /// Indices of the jobs, made when a job is first looked up.
    index: OnceLock<JobIndex>,
    pages: RenderedPages,
    departed: DepartedJobs,
    durations: Arc<RunDurations>,
}

/// Indices of the jobs of a list.
#[derive(Debug)]
struct JobIndex {
    by_id: HashMap<String, usize>,
    /// Follow-on jobs, by the id of their parent.
    by_parent: HashMap<String, Vec<usize>>,
}

impl JobIndex {
    fn of(jobs: &[Arc<RenderedJob>]) -> Self {
        let by_id = jobs.iter().enumerate().map(|(index, job)| (job.job.id.clone(), index)).collect();
        let mut by_parent: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, job) in jobs.iter().enumerate() {
            if let Some(parent) = &job.job.parent {
                by_parent.entry(parent.clone()).or_default().push(index);
            }
        }
        Self { by_id, by_parent }
    }
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
        Self::with_departed(jobs, bad_items, observed_at, DepartedJobs::default())
    }

    /// Renders the snapshot of a list with jobs that left it. `jobs` includes the finalizing ones of `departed`.
    #[must_use]
    pub fn with_departed(
        jobs: Vec<Job>,
        bad_items: Vec<BadItem>,
        observed_at: ClockReading,
        departed: DepartedJobs,
    ) -> Self {
        let (jobs, body) = render_list(jobs, &bad_items, observed_at.wall);
        let rendered = RenderedList::new(body, etag_of(&jobs, &bad_items, &[]));
        let (rendered_stale, index, pages) = (OnceLock::new(), OnceLock::new(), RenderedPages::default());
        let durations = Arc::default();
        Self { observed_at, jobs, bad_items, rendered, rendered_stale, index, pages, departed, durations }
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
            let (bad_items, observed_at) = (&self.bad_items[..], Some(self.observed_at.wall));
            let list = ListBody { bad_items, observed_at, stale, ..ListBody::of(&self.jobs) };
            RenderedList::new(list.write(), etag_with_staleness(&self.rendered.etag, stale))
        })
    }

    /// Compresses the list if the previous one was read compressed, so that its readers don't wait for that.
    pub fn compress_as(&self, previous: &Self) {
        if previous.rendered.has_gzip_readers.load(Ordering::Relaxed) {
            self.rendered.compressed();
        }
    }

    /// Returns whether the list, not marked as stale, is compressed already.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.rendered.gzip.get().is_some()
    }

    /// Returns the page of the query with this key, rendered once while it is among the pages that were asked for last.
    ///
    /// # Errors
    /// Those of `render`.
    pub fn page<E>(&self, key: &[u8], render: impl FnOnce() -> Result<RenderedPage, E>) -> Result<RenderedPage, E> {
        if let Some(page) = self.pages.get(key) {
            return Ok(page);
        }
        let page = render()?;
        self.pages.insert(key, &page, self.rendered.body.len() / 2);
        Ok(page)
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
        self.index().by_id.get(id).map(|index| &self.jobs[*index])
    }

    fn index(&self) -> &JobIndex {
        self.index.get_or_init(|| JobIndex::of(&self.jobs))
    }

    /// Returns the jobs that IPS ran after the job with this id: those of the list, and those that left it.
    pub fn follow_ons<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Job> + Clone {
        let indices = self.index().by_parent.get(parent).into_iter().flatten();
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
        // The parsed jobs take about as much memory as their JSON, which the body contains; the stale body, the pages and the compressed bodies may, too.
        let completed: usize = self.departed.completed.values().map(|(job, _)| 2 * job.json.len()).sum();
        4 * self.rendered.body.len() + completed + self.durations.weight() + OVERHEAD_BYTES
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_the_pages_that_were_asked_for_last_within_its_limit_of_bytes() {
        let pages = RenderedPages::default();
        let page = |bytes| RenderedPage { body: vec![b' '; bytes].into(), etag: String::new(), next: None };
        let kept =
            || (0..=u8::MAX).filter(|key| pages.0.lock().expect("no panic").iter().any(|(known, _)| **known == [*key]));
        for key in 0..20 {
            pages.insert(&[key], &page(9), 1_000);
            assert_eq!(pages.get(&[0]).map(|page| page.body.len()), Some(9));
        }
        assert_eq!(kept().collect::<Vec<_>>(), [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
        pages.insert(&[20], &page(969), 1_000);
        assert_eq!(kept().collect::<Vec<_>>(), [0, 18, 19, 20], "970 and thrice 10 bytes");
        pages.insert(&[21], &page(1_000), 1_000);
        assert!(pages.get(&[21]).is_none(), "it alone is beyond the limit");
    }
}
