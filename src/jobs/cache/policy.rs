//! What readers of a list ask for, and what they get.

use std::sync::Arc;
use std::time::Duration;

use crate::jobs::model::snapshot::{Snapshot, StaleReason};

/// How long a snapshot is good for.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Answers are served without a thought for this long.
    pub fresh: Duration,
    /// So long after that they are served while one call in the background refreshes them.
    pub stale_while_revalidate: Duration,
    /// So long after being fresh they are served, marked, when IPS fails.
    pub stale_if_error: Duration,
}

/// What a reader wants of the cache (RFC 9111 §5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheDirective {
    /// Whatever the settings allow.
    Any,
    /// Nothing older than this; zero for `no-cache`.
    NotOlderThan(Duration),
    /// Whatever is there, without asking IPS.
    OnlyIfCached,
}

/// How an answer came about (RFC 9211).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// A snapshot was there that is fresh enough for the reader.
    Hit,
    /// An old one was there.
    Stale(StaleReason),
    /// IPS was asked for this.
    Loaded,
}

impl CacheStatus {
    /// One word for it, for metrics and logs.
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

/// An answer from the store.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// What IPS said.
    pub snapshot: Arc<Snapshot>,
    /// How it came about.
    pub source: CacheStatus,
    /// How long ago IPS said it.
    pub age: Duration,
}
