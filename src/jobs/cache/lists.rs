//! Snapshot caches of the three job lists of IPS.

use std::sync::{Arc, OnceLock};

use crate::jobs::cache::loaders;
use crate::jobs::cache::recent::RecentMutations;
use crate::jobs::cache::{CacheDependencies, SnapshotCache};
use crate::jobs::model::job::Phase;
use crate::upstream::IpsApi;

/// Snapshot caches of the three job lists. Clones share the caches.
#[derive(Clone)]
pub struct ListCaches {
    /// Active jobs (`getActiveJobs`), and finalizing ones.
    pub active: Arc<SnapshotCache>,
    /// Scheduled jobs (`getScheduledJobs`).
    pub scheduled: Arc<SnapshotCache>,
    /// Newest completed jobs (`getJobLogs`).
    pub history: Arc<SnapshotCache>,
}

impl ListCaches {
    /// Creates empty caches of the lists of `upstream`, which divide `max_bytes` of the dependencies among them. The active list leaves out jobs that `recent` knows as deleted, and
    /// jobs that it knows as stopped have that outcome.
    #[must_use]
    pub fn new(upstream: &Arc<dyn IpsApi>, recent: &RecentMutations, dependencies: &CacheDependencies) -> Self {
        let cache = |name, eighths, loader| {
            let max_bytes = dependencies.max_bytes / 8 * eighths;
            SnapshotCache::new(name, loader, CacheDependencies { max_bytes, ..dependencies.clone() })
        };
        let (clock, runtime) = (|| dependencies.clock.clone(), || dependencies.runtime.clone());
        let scheduled = cache("scheduled", 1, loaders::scheduled(Arc::clone(upstream), clock(), runtime()));
        let active_of_history = Arc::new(OnceLock::new());
        let history = loaders::history(loaders::HistorySources {
            upstream: Arc::clone(upstream),
            scheduled: Arc::clone(&scheduled),
            active: Arc::clone(&active_of_history),
            recent: recent.clone(),
            clock: clock(),
            runtime: runtime(),
        });
        let history = cache("history", 3, history);
        let active = loaders::active(loaders::ActiveJobsSources {
            upstream: Arc::clone(upstream),
            scheduled: Arc::clone(&scheduled),
            history: Arc::clone(&history),
            recent: recent.clone(),
            clock: clock(),
            runtime: runtime(),
        });
        let active = cache("active", 4, active);
        active_of_history.get_or_init(|| Arc::downgrade(&active));
        Self { active, scheduled, history }
    }

    /// Returns the caches with the phase of their jobs, in the order in which a job passes through the phases.
    pub fn all(&self) -> [(Phase, &Arc<SnapshotCache>); 3] {
        [(Phase::Active, &self.active), (Phase::Scheduled, &self.scheduled), (Phase::Completed, &self.history)]
    }

    /// Returns the caches of these phases, in the order of [`ListCaches::all`].
    pub fn of_phases(&self, phases: &[Phase]) -> impl Iterator<Item = &Arc<SnapshotCache>> {
        self.all().into_iter().filter(|(phase, _)| phases.contains(phase)).map(|(_, cache)| cache)
    }

    /// Returns the number of snapshots in all caches.
    #[must_use]
    pub fn snapshot_count(&self) -> u64 {
        self.all().iter().map(|(_, cache)| cache.entry_count()).sum()
    }

    /// Sets the gauges of the caches.
    pub fn report_metrics(&self) {
        for (_, cache) in self.all() {
            cache.report_metrics();
        }
    }
}
