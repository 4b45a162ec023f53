//! Tests of replicas that share a store in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use secrecy::SecretString;
use tokio::runtime::Handle;

use crate::ips::types::{ActiveJob, Fault, FaultName, GetActiveJobsParam};
use crate::jobs::cache::entry::{LoadFailure, SharedList};
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::key::ListKey;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Freshness};
use crate::jobs::cache::{CacheDependencies, Loader, SnapshotCache};
use crate::jobs::error::Error;
use crate::jobs::model::job::Job;
use crate::jobs::model::snapshot::Snapshot;
use crate::replicas::Coordinator;
use crate::replicas::in_memory::InMemoryCoordinator;
use crate::runtime::clock::Clock;
use crate::upstream::{Caller, CredentialSource, Credentials, Delivery, Failure, UpstreamError};

const COMPANY: &str = "c|1";

/// Replica with a list of 100 jobs, and the number of its loads.
struct Replica {
    cache: Arc<SnapshotCache>,
    loads: Arc<AtomicUsize>,
}

fn replica(store: &Arc<InMemoryCoordinator>, clock: &Clock) -> Replica {
    replica_that_accepts(store, clock, |_| true)
}

fn replica_that_accepts(store: &Arc<InMemoryCoordinator>, clock: &Clock, is_accepted: fn(&Caller) -> bool) -> Replica {
    let loads = Arc::new(AtomicUsize::new(0));
    let (counter, loader_clock) = (Arc::clone(&loads), clock.clone());
    let loader: Loader = Arc::new(move |_, _, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        let observed_at = loader_clock.read();
        Box::pin(async move {
            let job = |number| {
                let record = ActiveJob { original_name: Some(format!("{number}")), ..ActiveJob::default() };
                Job::active("c|110", record)
            };
            Ok(Snapshot::new((0..100).filter_map(job).collect(), Vec::new(), observed_at))
        })
    });
    let second = Duration::from_secs(1);
    let coordinator: Arc<dyn Coordinator> = Arc::clone(store) as _;
    let dependencies = CacheDependencies {
        freshness: Freshness { fresh: second, stale_while_revalidate: second, stale_if_error: second },
        epochs: Arc::new(CompanyEpochs::new(Some(Arc::clone(&coordinator)), clock.clone())),
        clock: clock.clone(),
        runtime: Handle::current(),
        coordinator: Some(coordinator),
        max_bytes: 16 << 20,
        is_accepted: Arc::new(is_accepted),
    };
    Replica { cache: SnapshotCache::new("test", loader, dependencies), loads }
}

fn caller() -> Caller {
    let credentials = Credentials::AccessToken(SecretString::from("token"));
    Caller::new(credentials, CredentialSource::Caller)
}

fn fault() -> Error {
    let fault = Fault { name: FaultName::IpsApi, code: Some(30000), reason: "not now".into() };
    Error::of_call(&caller())(UpstreamError::of::<GetActiveJobsParam>(Failure::Fault(fault), Delivery::Rejected))
}

#[tokio::test]
async fn a_snapshot_received_from_another_replica_counts_in_the_size_of_the_cache() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let (leader, follower) = (replica(&store, &clock), replica(&store, &clock));
    for replica in [&leader, &follower] {
        replica.cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await.expect("a list");
        replica.cache.entries.run_pending_tasks();
    }
    assert_eq!(follower.loads.load(Ordering::SeqCst), 0, "the list was received");
    assert_eq!(follower.cache.entries.weighted_size(), leader.cache.entries.weighted_size());
    assert!(follower.cache.entries.weighted_size() > 20_000, "{}", follower.cache.entries.weighted_size());
}

#[tokio::test]
async fn a_failure_that_cannot_be_decoded_does_not_cause_a_busy_loop() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let Replica { cache, .. } = replica(&store, &clock);
    let epoch = *cache.epochs().of(COMPANY).borrow();
    let shared = SharedList::new(&(Arc::clone(&store) as _), "test", &caller(), COMPANY);
    store.set_failure(&shared.location, epoch, b"from a later version".to_vec());
    let read = async { cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await };
    assert!(
        tokio::time::timeout(Duration::from_millis(300), read).await.is_err(),
        "it waits for the end of the back-off"
    );
    let requests = store.lease_requests.load(Ordering::SeqCst);
    assert!((1..=3).contains(&requests), "{requests} requests for the lease");
}

#[tokio::test]
async fn a_known_failure_of_an_older_epoch_does_not_hide_that_of_another_replica() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let (one, other) = (replica(&store, &clock), replica(&store, &clock));
    let key = ListKey::new(&caller(), COMPANY);
    let entry = one.cache.entry(&key, &caller());
    let retry_at = clock.instant() + Duration::from_mins(1);
    entry.fail_load(LoadFailure { error: fault(), retry_at, epoch: 0, count: 9 }, 0, 1);
    other.cache.epochs().bump(COMPANY).await;
    let epoch = *other.cache.epochs().of(COMPANY).borrow();
    let failure = LoadFailure { error: fault(), retry_at: clock.instant() + Duration::from_secs(4), epoch, count: 1 };
    let shared = SharedList::new(&(Arc::clone(&store) as _), "test", &caller(), COMPANY);
    let encoded = super::publish::encode_failure(&failure, clock.read()).expect("it concerns all replicas");
    store.set_failure(&shared.location, epoch, encoded);
    let caller = caller();
    let read = one.cache.read(&caller, COMPANY, CacheDirective::Unspecified);
    let result = tokio::time::timeout(Duration::from_secs(2), read).await.expect("it does not wait");
    assert!(matches!(result, Err(Error::Upstream { .. })));
    assert_eq!(one.loads.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_load_that_panics_outside_of_its_loader_is_repeated() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let Replica { cache, .. } = replica(&store, &clock);
    store.lease_panics_once.store(true, Ordering::SeqCst);
    let read = async || cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await;
    assert!(matches!(read().await, Err(Error::Internal(_))), "the lease request panics");
    assert!(matches!(read().await.map(|lookup| lookup.cache_status), Ok(CacheStatus::Loaded)));
}

#[tokio::test]
async fn ages_do_not_depend_on_the_wall_clock() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let (leader, follower) = (replica(&store, &clock), replica(&store, &clock));
    // The store has a clock of its own, so that a few milliseconds pass between write and read.
    let assert_age = async |replica: &Replica, millis: u128| {
        let lookup = replica.cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await.expect("a list");
        let age = lookup.age.as_millis();
        assert!((millis..millis + 90).contains(&age), "{age} ms in place of {millis}");
    };
    assert_age(&leader, 0).await;
    assert_age(&follower, 0).await;
    clock.advance(TimeDelta::hours(-1));
    clock.advance(TimeDelta::milliseconds(900));
    assert_age(&leader, 900).await;
    assert_age(&follower, 900).await;
}

#[tokio::test(start_paused = true)]
async fn a_refresher_that_panics_is_replaced_by_the_next_watcher() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let Replica { cache, loads } = replica(&store, &clock);
    let _watcher = cache.watch(&caller(), COMPANY);
    store.status_panics_once.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!store.status_panics_once.load(Ordering::SeqCst), "the refresher panicked");
    assert_eq!(loads.load(Ordering::SeqCst), 0);
    let _next = cache.watch(&caller(), COMPANY);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nothing_is_written_to_the_store_for_a_caller_that_ips_has_not_accepted() {
    let (store, clock) = (Arc::new(InMemoryCoordinator::default()), Clock::manual(DateTime::default()));
    let Replica { cache, loads } = replica_that_accepts(&store, &clock, |_| false);
    let lookup = cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await.expect("it is loaded");
    assert_eq!((lookup.cache_status, loads.load(Ordering::SeqCst)), (CacheStatus::Loaded, 1));
    assert_eq!(store.lease_requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_age_of_a_snapshot_of_a_replica_whose_wall_clock_differs_is_by_the_clock_of_the_store() {
    let store = Arc::new(InMemoryCoordinator::default());
    for offset in [TimeDelta::hours(3), TimeDelta::hours(-3)] {
        let (clock, other) =
            (Clock::manual(DateTime::default()), Clock::manual(DateTime::<chrono::Utc>::default() + offset));
        let (here, there) = (replica(&store, &clock), replica(&store, &other));
        there.cache.epochs().bump(COMPANY).await;
        there.cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await.expect("a list");
        let lookup = here.cache.read(&caller(), COMPANY, CacheDirective::Unspecified).await.expect("a list");
        assert_eq!(here.loads.load(Ordering::SeqCst), 0, "it was received");
        assert!(lookup.age < Duration::from_secs(1), "{:?}", lookup.age);
        clock.advance(TimeDelta::milliseconds(10_000));
        let lookup = here.cache.read(&caller(), COMPANY, CacheDirective::MaxAge(Duration::ZERO)).await.expect("a list");
        assert_eq!(lookup.cache_status, CacheStatus::Loaded);
    }
}
