//! Load path of the snapshot cache: decides between a cached response and a load, and starts and ends loads.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;

use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::entry::{
    Entry, EntryState, InFlightLoad, KeyedEntry, LoadEpochs, LoadFailure, ReadStep, Visibility,
};
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::status::StaleReason;
use crate::runtime::backoff::Backoff;
use crate::runtime::futures::join;
use crate::telemetry::span;

/// Back-off after failed loads of one list. The maximum is short, because the circuit breaker protects IPS: it sees the calls of all lists.
pub(super) const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), max: Duration::from_secs(5), jitter: 0.25 };

/// Maximum number of jobs in an answer that is processed on the worker thread of its reader.
const MAX_LOCAL_JOBS: usize = 100;

/// Guard of the task of a load: removes the load from its entry if the task panics, so that the next reader starts another one.
struct EndLoadOnPanic<'a> {
    entry: &'a Entry,
    started_under: u64,
}

impl Drop for EndLoadOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.entry.lock().end_load(self.started_under);
        }
    }
}

/// Makes a snapshot of an answer with this number of jobs: of many on `runtime`, where it delays no requests of a worker thread.
///
/// # Errors
/// The runtime is shutting down.
pub(super) async fn process(
    jobs: usize,
    runtime: &Handle,
    snapshot: impl Future<Output = Snapshot> + Send + 'static,
) -> Result<Snapshot> {
    if jobs <= MAX_LOCAL_JOBS {
        return Ok(snapshot.await);
    }
    join(runtime.spawn(span::in_current_span(snapshot))).await.ok_or(Error::Internal("a load was aborted"))
}

impl SnapshotCache {
    /// Decides the next step of a read, and starts a load if one is needed.
    ///
    /// # Errors
    /// [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], and during the back-off the error of the last load if no snapshot may be
    /// served instead.
    pub(super) fn next_step(self: &Arc<Self>, keyed: KeyedEntry<'_>, directive: CacheDirective) -> Result<ReadStep> {
        let epoch = self.epoch(keyed.key, keyed.entry);
        let freshness = self.freshness();
        let mut state = keyed.entry.lock();
        let lookup = |snapshot: &Arc<Snapshot>| self.lookup(Arc::clone(snapshot), CacheStatus::Hit);
        let cached = state.valid_snapshot(epoch).map(lookup);
        // If IPS can't be asked, also the snapshot of before a mutation is served, marked as stale.
        let last = state.snapshot().map(lookup);
        let failure = state.failure(epoch).cloned();
        let now = self.clock().instant();
        // A failure counts until `stale_while_revalidate` after the end of its back-off; IPS may have recovered since.
        let is_failing = failure
            .as_ref()
            .is_some_and(|failure| now.saturating_duration_since(failure.retry_at) <= freshness.stale_while_revalidate);
        let max_hit_age = freshness.max_hit_age(directive);
        if let Some(lookup) = cached.as_ref().filter(|lookup| max_hit_age.is_some_and(|max| lookup.age <= max)) {
            let is_stale = is_failing && lookup.age > freshness.fresh;
            let cache_status =
                if is_stale { CacheStatus::Stale(StaleReason::UpstreamFailed) } else { CacheStatus::Hit };
            return Ok(ReadStep::Respond(Lookup { cache_status, ..lookup.clone() }));
        }
        if directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        let backs_off = |failure: &LoadFailure| now < failure.retry_at && directive != CacheDirective::Reload;
        if let Some(failure) = failure.filter(backs_off) {
            return self.stale_or_error(last, failure.error).map(ReadStep::Respond);
        }
        let load = self.join_or_start_load(&mut state, keyed, epoch);
        // While IPS fails, one load tries again in the background, and readers get the stale snapshot for longer.
        let (servable, reason) =
            if is_failing { (last, StaleReason::UpstreamFailed) } else { (cached, StaleReason::Revalidating) };
        match servable {
            Some(lookup)
                if directive == CacheDirective::Unspecified && lookup.age <= freshness.max_stale_age(reason) =>
            {
                Ok(ReadStep::Respond(Lookup { cache_status: CacheStatus::Stale(reason), ..lookup }))
            }
            _ => Ok(ReadStep::Wait(load)),
        }
    }

    /// Marks the list as stale for its watchers once its readers get it so: the last load failed, and the snapshot is no longer fresh.
    pub(super) fn mark_if_stale(&self, keyed: KeyedEntry<'_>) {
        let epoch = self.epoch(keyed.key, keyed.entry);
        let is_fresh = |snapshot: &Arc<Snapshot>| self.age(snapshot) <= self.freshness().fresh;
        keyed.entry.mark_stale_if(|state| {
            state.failure(epoch).is_some_and(|failure| !failure.error.denies_access())
                && !state.valid_snapshot(epoch).is_some_and(is_fresh)
        });
    }

    /// Waits for the load in flight, so that the next one starts after this call.
    pub(super) async fn finish_load_in_flight(&self, keyed: KeyedEntry<'_>) {
        let epoch = self.epoch(keyed.key, keyed.entry);
        let load = keyed.entry.lock().load_in_flight(epoch);
        if let Some(load) = load {
            let _ = load.await;
        }
    }

    /// Joins the load in flight, unless it started before the last mutation; else starts one.
    fn join_or_start_load(self: &Arc<Self>, state: &mut EntryState, keyed: KeyedEntry<'_>, epoch: u64) -> InFlightLoad {
        if let Some(load) = state.load_in_flight(epoch) {
            return load;
        }
        let (cache, entry, key, caller) =
            (Arc::clone(self), Arc::clone(keyed.entry), keyed.key.clone(), keyed.caller.clone());
        // The first one on the thread of its reader, who waits for it: that saves two changes of threads. Later ones delay no other requests.
        let runtime = if state.snapshot().is_some() { self.runtime().clone() } else { Handle::current() };
        let task = runtime.spawn(span::in_current_span(async move {
            let _guard = EndLoadOnPanic { entry: &entry, started_under: epoch };
            let keyed = KeyedEntry { entry: &entry, key: &key, caller: &caller };
            let epochs = LoadEpochs { started_under: epoch, result: epoch };
            // Boxed, or the task would be as large as they are without replicas, too.
            match entry.shared() {
                Some(shared) if cache.is_accepted(&caller) => {
                    return Box::pin(cache.load_as_leader_or_follow(keyed, shared, epoch)).await;
                }
                // Nothing is written to the store for a caller that IPS has not accepted; the next read publishes the snapshot.
                Some(_) => return Box::pin(cache.load_alone(keyed, epochs)).await,
                None => {}
            }
            let result = cache.run_loader(keyed).await;
            cache.end_load(keyed, epochs, result.as_ref(), Visibility::Local);
            result
        }));
        let load = task.map(|ended| ended.unwrap_or_else(|_| Err(Error::Internal("a load was aborted"))));
        let load = load.boxed().shared();
        state.start_load(epoch, load.clone());
        load
    }

    /// Loads the list from IPS. A panic of the loader is an error like any other, so that the load ends.
    pub(super) async fn run_loader(&self, keyed: KeyedEntry<'_>) -> Result<Arc<Snapshot>> {
        let KeyedEntry { entry, key, caller } = keyed;
        let load = (self.loader)(caller.without_locale(), key.company.clone(), entry.snapshot());
        let result = AssertUnwindSafe(load).catch_unwind().await;
        result.unwrap_or(Err(Error::Internal("a load panicked"))).map(Arc::new)
    }

    /// Ends a load and stores its result, unless a mutation has superseded it. Returns the stored failure, if it failed.
    pub(super) fn end_load(
        &self,
        keyed: KeyedEntry<'_>,
        epochs: LoadEpochs,
        result: Result<&Arc<Snapshot>, &Error>,
        visibility: Visibility,
    ) -> Option<LoadFailure> {
        let KeyedEntry { entry, key, .. } = keyed;
        if self.epoch(key, entry) != epochs.result {
            self.metrics().count_load("superseded");
            entry.lock().end_load(epochs.started_under);
            return None;
        }
        let failure = match result {
            Ok(snapshot) => {
                self.metrics().count_successful_load();
                if let Some(previous) = entry.snapshot() {
                    snapshot.compress_as(&previous);
                }
                entry.complete_load(Arc::clone(snapshot), epochs, visibility);
                None
            }
            Err(error) => {
                self.metrics().count_load("error");
                let failure = self.failure_after(error, entry.lock().failure_count(), epochs.result);
                entry.fail_load(failure.clone(), epochs.started_under, self.new_log_id());
                Some(failure)
            }
        };
        self.reweigh(key, entry);
        failure
    }

    /// Returns the failure of a load after `earlier` failed loads in a row. Its back-off is that of the error, if the error has one.
    fn failure_after(&self, error: &Error, earlier: u32, epoch: u64) -> LoadFailure {
        let pause = error.retry_after().unwrap_or_else(|| BACKOFF.pause(earlier));
        let (retry_at, count) = (self.clock().instant() + pause, earlier.saturating_add(1));
        LoadFailure { error: error.clone(), retry_at, epoch, count }
    }

    /// Returns the last snapshot if it may be served instead of the error of a load, also one that a mutation invalidated.
    ///
    /// # Errors
    /// The error of the load.
    pub(super) fn stale_if_error(&self, keyed: KeyedEntry<'_>, error: Error) -> Result<Lookup> {
        let snapshot = keyed.entry.snapshot();
        self.stale_or_error(snapshot.map(|snapshot| self.lookup(snapshot, CacheStatus::Hit)), error)
    }

    fn stale_or_error(&self, cached: Option<Lookup>, error: Error) -> Result<Lookup> {
        let max_age = self.freshness().max_stale_age(StaleReason::UpstreamFailed);
        match cached {
            Some(lookup) if lookup.age <= max_age && !error.denies_access() => {
                Ok(Lookup { cache_status: CacheStatus::Stale(StaleReason::UpstreamFailed), ..lookup })
            }
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::{DateTime, TimeDelta};
    use secrecy::SecretString;

    use super::*;
    use crate::jobs::cache::epoch::CompanyEpochs;
    use crate::jobs::cache::policy::Freshness;
    use crate::jobs::cache::{CacheDependencies, Loader};
    use crate::runtime::clock::Clock;
    use crate::upstream::{Caller, CredentialSource, Credentials};

    fn cache(loader: Loader, clock: &Clock, max_bytes: u64, is_accepted: fn(&Caller) -> bool) -> Arc<SnapshotCache> {
        let second = Duration::from_secs(1);
        let dependencies = CacheDependencies {
            freshness: Freshness { fresh: second, stale_while_revalidate: second, stale_if_error: second },
            epochs: Arc::new(CompanyEpochs::new(None, clock.clone())),
            clock: clock.clone(),
            runtime: Handle::current(),
            coordinator: None,
            max_bytes,
            is_accepted: Arc::new(is_accepted),
        };
        SnapshotCache::new("test", loader, dependencies)
    }

    #[tokio::test]
    async fn answers_with_many_jobs_are_processed_on_the_runtime_of_loads() {
        let loads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let now = Clock::manual(DateTime::default()).read();
        let runtime_of = async |jobs| {
            let (send, receive) = tokio::sync::oneshot::channel();
            let snapshot = async move {
                let _ = send.send(Handle::current().id());
                Snapshot::new(Vec::new(), Vec::new(), now)
            };
            process(jobs, loads.handle(), snapshot).await.expect("a snapshot");
            receive.await.expect("the runtime of the snapshot")
        };
        assert_eq!(runtime_of(MAX_LOCAL_JOBS).await, Handle::current().id());
        assert_eq!(runtime_of(MAX_LOCAL_JOBS + 1).await, loads.handle().id());
        loads.shutdown_background();
    }

    #[tokio::test]
    async fn snapshots_are_bounded_in_bytes_and_strangers_have_a_table_of_their_own() {
        let clock = Clock::manual(DateTime::default());
        let now = clock.read();
        let loader: Loader = Arc::new(move |_, company, _| {
            Box::pin(async move {
                if company.starts_with("refused") {
                    Err(Error::Internal("refused"))
                } else {
                    Ok(Snapshot::new(Vec::new(), Vec::new(), now))
                }
            })
        });
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller = Caller::new(credentials, CredentialSource::Caller);
        let known = cache(Arc::clone(&loader), &clock, 64 << 10, |_| true);
        for number in 0..200 {
            let _ = known.read(&caller, &format!("c|{number}"), CacheDirective::Unspecified).await;
        }
        known.entries.run_pending_tasks();
        assert!((32 << 10..=64 << 10).contains(&known.entries.weighted_size()), "{}", known.entries.weighted_size());

        let strangers = cache(loader, &clock, 64 << 20, |_| false);
        for number in 0..2_000 {
            let _ = strangers.read(&caller, &format!("refused{number}"), CacheDirective::Unspecified).await;
        }
        strangers.strangers.run_pending_tasks();
        assert_eq!(strangers.entry_count(), 0);
        assert!((512 << 10..=1 << 20).contains(&strangers.strangers.weighted_size()));
        strangers.read(&caller, "c|1", CacheDirective::Unspecified).await.expect("it is loaded");
        assert_eq!(strangers.entry_count(), 1, "IPS has accepted the caller by now");
    }

    #[tokio::test]
    async fn a_list_whose_last_one_was_read_compressed_is_compressed_by_its_load() {
        let clock = Clock::manual(DateTime::default());
        let load_clock = clock.clone();
        let loader: Loader = Arc::new(move |_, _, _| {
            let now = load_clock.read();
            Box::pin(async move { Ok(Snapshot::new(Vec::new(), Vec::new(), now)) })
        });
        let cache = cache(loader, &clock, 1 << 20, |_| true);
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller = Caller::new(credentials, CredentialSource::Caller);
        let load = async || {
            clock.advance(TimeDelta::minutes(1));
            cache.read(&caller, "c|1", CacheDirective::Unspecified).await.expect("a list").snapshot
        };
        assert!(!load().await.is_compressed() && !load().await.is_compressed(), "no reader asked for it");
        load().await.rendered(None).gzip();
        assert!(load().await.is_compressed());
        assert!(!load().await.is_compressed(), "no reader asked for the last one");
    }

    #[tokio::test]
    async fn a_load_that_panics_fails_and_is_repeated_after_the_back_off() {
        let loads = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&loads);
        let clock = Clock::manual(DateTime::default());
        let now = clock.read();
        let loader: Loader = Arc::new(move |_, _, _| {
            let load = counter.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                assert!(load > 0, "the first load panics");
                Ok(Snapshot::new(Vec::new(), Vec::new(), now))
            })
        });
        let cache = cache(loader, &clock, 1 << 20, |_| true);
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller = Caller::new(credentials, CredentialSource::Caller);
        let read = || cache.read(&caller, "c|1", CacheDirective::Unspecified);
        assert!(matches!(read().await, Err(Error::Internal(_))));
        assert!(matches!(read().await, Err(Error::Internal(_))), "during the back-off");
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        clock.advance(TimeDelta::seconds(1));
        assert!(matches!(read().await, Ok(Lookup { cache_status: CacheStatus::Loaded, .. })));
    }
}
