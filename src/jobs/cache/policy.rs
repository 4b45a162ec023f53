//! Cache policy: freshness, request directives and cache status.

use std::sync::Arc;
use std::time::Duration;

use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::status::StaleReason;

/// Minimum interval between loads of one list, also for requests with `no-cache`.
pub const MIN_LOAD_INTERVAL: Duration = Duration::from_secs(1);

/// Time for which the shared store keeps a list after its snapshot may no longer be served, because readers may still resume its event log.
const RESUMABLE_FOR: Duration = Duration::from_mins(10);

/// Freshness lifetime of snapshots, and the times for which stale ones are served (RFC 5861).
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Age up to which a snapshot is served without a load.
    pub fresh: Duration,
    /// Time after `fresh` for which a snapshot is served while a load runs in the background.
    pub stale_while_revalidate: Duration,
    /// Time after `fresh` for which a snapshot is served when IPS fails.
    pub stale_if_error: Duration,
}

impl Freshness {
    /// Returns the maximum age of a snapshot that is a cache hit for a request with this directive; `None` if none is.
    #[must_use]
    pub fn max_hit_age(&self, directive: CacheDirective) -> Option<Duration> {
        Some(match directive {
            CacheDirective::Unspecified => self.fresh,
            CacheDirective::MaxAge(age) => age.max(MIN_LOAD_INTERVAL).min(self.fresh.max(age)),
            CacheDirective::Reload => return None,
            CacheDirective::OnlyIfCached => self.max_usable_age(),
        })
    }

    /// Returns the maximum age of a snapshot that is served stale for this reason.
    #[must_use]
    pub fn max_stale_age(&self, reason: StaleReason) -> Duration {
        self.fresh
            + match reason {
                StaleReason::Revalidating => self.stale_while_revalidate,
                StaleReason::UpstreamFailed => self.stale_if_error,
            }
    }

    /// Returns the time for which the shared store keeps a snapshot and its events.
    #[must_use]
    pub fn shared_retention(&self) -> Duration {
        self.max_usable_age() + RESUMABLE_FOR
    }

    /// Returns the age after which a snapshot is never served.
    #[must_use]
    pub fn max_usable_age(&self) -> Duration {
        self.fresh + self.stale_while_revalidate.max(self.stale_if_error)
    }
}

/// Cache directive of a request (RFC 9111 §5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheDirective {
    /// No directive: the configured freshness applies.
    Unspecified,
    /// `max-age`: a snapshot of at most this age; zero for `no-cache`. Ages below one second count as one second, or as the configured
    /// freshness if that is shorter.
    MaxAge(Duration),
    /// A load that starts after the request, without the minimum interval between loads and without back-off; no stale snapshot if it
    /// fails. Not a directive of clients: only for the lookup of a job after a change that IPS refused or may have carried out.
    Reload,
    /// `only-if-cached`: a cached snapshot, without a call to IPS.
    OnlyIfCached,
}

/// Cache status of a response (RFC 9211).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// A cached snapshot was fresh enough for the request.
    Hit,
    /// A stale snapshot was served.
    Stale(StaleReason),
    /// IPS was called for this response.
    Loaded,
}

impl CacheStatus {
    /// Returns the reason that list bodies state in `staleReason`: a revalidation in flight is not stated.
    #[must_use]
    pub fn stated_stale_reason(self) -> Option<StaleReason> {
        match self {
            Self::Stale(StaleReason::UpstreamFailed) => Some(StaleReason::UpstreamFailed),
            Self::Hit | Self::Loaded | Self::Stale(StaleReason::Revalidating) => None,
        }
    }

    /// Returns the status as in metric labels.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale(StaleReason::Revalidating) => "stale",
            Self::Stale(StaleReason::UpstreamFailed) => "stale_if_error",
            Self::Loaded => "loaded",
        }
    }
}

/// Result of a cache lookup.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Cache status.
    pub cache_status: CacheStatus,
    /// Time since IPS returned the list.
    pub age: Duration,
}
