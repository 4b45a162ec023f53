//! Cache of statistics of the history.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use tokio::sync::OnceCell;

use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::error::{Error, Result, check_span};
use crate::jobs::history::statistics;
use crate::jobs::history::walk::HistorySource;
use crate::runtime::clock::ClockReading;
use crate::telemetry::metrics::report_table;
use crate::upstream::{Caller, CallerKey};

/// Time for which statistics are cached.
pub const STATISTICS_LIFETIME: Duration = Duration::from_mins(5);
/// Minimum interval between two loads of the same statistics.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// Span of statistics without `from`.
const DEFAULT_SPAN: TimeDelta = TimeDelta::days(30);
/// Maximum span.
const MAX_SPAN: TimeDelta = TimeDelta::days(400);
/// Maximum approximate memory of all cached statistics, in bytes.
const MAX_BYTES: u64 = 2 << 20;
/// Approximate memory of an entry without its statistics, in bytes.
const ENTRY_BYTES: usize = 512;

/// Query of statistics.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatisticsQuery {
    /// Earliest start of the jobs; 30 days before `to` without it.
    pub from: Option<DateTime<Utc>>,
    /// Latest start of the jobs; now without it.
    pub to: Option<DateTime<Utc>>,
    /// IPS handle of the submitter.
    pub user_handle: Option<String>,
}

/// Statistics as JSON.
#[derive(Debug, Clone)]
pub struct CachedStatistics {
    /// JSON of a `JobStats`.
    pub body: Bytes,
    /// Age.
    pub age: Duration,
    /// Whether they were made for this query.
    pub is_new: bool,
}

type Key = (CallerKey, String, StatisticsQuery);

#[derive(Debug)]
struct Loaded {
    body: Bytes,
    at: ClockReading,
}

/// Queries of statistics, with a cache for all callers.
pub struct StatisticsQueries {
    source: HistorySource,
    entries: Cache<Key, Arc<OnceCell<Loaded>>>,
}

impl StatisticsQueries {
    /// Makes statistics of the history in `source`, whose answers are not kept for other reads.
    #[must_use]
    pub fn new(source: HistorySource) -> Self {
        let weigher = |(_, company, query): &Key, entry: &Arc<OnceCell<Loaded>>| {
            let user = query.user_handle.as_ref().map_or(0, String::len);
            let body = entry.get().map_or(0, |loaded| loaded.body.len());
            u32::try_from(ENTRY_BYTES + company.len() + user + body).unwrap_or(u32::MAX)
        };
        let entries =
            Cache::builder().max_capacity(MAX_BYTES).weigher(weigher).time_to_live(STATISTICS_LIFETIME).build();
        Self { source, entries }
    }

    /// Sets the gauge of the memory of the cache.
    pub fn report_metrics(&self) {
        report_table("job_stats", self.entries.weighted_size(), MAX_BYTES);
    }

    /// Returns the entry of a key: an empty one if there is none whose age fits the cache directive.
    fn entry(&self, key: &Key, directive: CacheDirective) -> Arc<OnceCell<Loaded>> {
        let max_age = match directive {
            CacheDirective::Reload => MIN_INTERVAL,
            CacheDirective::MaxAge(age) => age.clamp(MIN_INTERVAL, STATISTICS_LIFETIME),
            CacheDirective::Unspecified | CacheDirective::OnlyIfCached => STATISTICS_LIFETIME,
        };
        let now = self.source.clock.read();
        let is_too_old =
            |entry: &Arc<OnceCell<Loaded>>| entry.get().is_some_and(|loaded| now.since(loaded.at) > max_age);
        self.entries.entry_by_ref(key).or_insert_with_if(Arc::default, is_too_old).into_value()
    }

    /// Returns statistics of the jobs of `company`, at most 5 minutes old. Equal requests at one time share one load.
    ///
    /// # Errors
    /// A span of more than 400 days, [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], and the errors of IPS.
    pub async fn read(
        &self,
        caller: &Caller,
        company: &str,
        query: StatisticsQuery,
        directive: CacheDirective,
    ) -> Result<CachedStatistics> {
        let clock = &self.source.clock;
        let to = query.to.unwrap_or_else(|| clock.now());
        let from = query.from.or_else(|| to.checked_sub_signed(DEFAULT_SPAN)).unwrap_or(to);
        if to - from > MAX_SPAN {
            return Err(Error::invalid_parameter("from", "is more than 400 days before `to`"));
        }
        check_span(Some(from), Some(to))?;
        let user_handle = query.user_handle.clone();
        let key = (CallerKey::of(caller), company.to_owned(), query);
        let entry = self.entry(&key, directive);
        if directive == CacheDirective::OnlyIfCached && !entry.initialized() {
            return Err(Error::NotCached);
        }
        let was_loaded = entry.initialized();
        let load = || async {
            let stats = statistics::load(&self.source, caller, company, (from, to), user_handle).await?;
            let body = serde_json::to_vec(&stats).map_err(|_| Error::Internal("the statistics can't be serialized"))?;
            Ok(Loaded { body: body.into(), at: clock.read() })
        };
        let loaded = match entry.get_or_try_init(load).await {
            Ok(loaded) => loaded,
            Err(error) => {
                self.entries.invalidate(&key);
                return Err(error);
            }
        };
        let cached =
            CachedStatistics { body: loaded.body.clone(), age: clock.read().since(loaded.at), is_new: !was_loaded };
        if !was_loaded {
            // Weighed with its statistics.
            self.entries.insert(key, Arc::clone(&entry));
        }
        Ok(cached)
    }
}
