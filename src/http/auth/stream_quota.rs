//! Stream quota: the maximum number of open event streams of a caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::http::auth::caller_identity::CallerIdentity;
use crate::http::problem::Problem;
use crate::upstream::Caller;

/// `Retry-After` of streams beyond the quota: it is unknown when one of the open streams will end.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Quota of open event streams, for each caller.
pub struct StreamQuota {
    max_streams: usize,
    open: Arc<Mutex<OpenStreams>>,
}

/// Number of open streams of each caller with at least one.
type OpenStreams = HashMap<CallerIdentity, usize>;

impl StreamQuota {
    /// Creates a quota of `max_streams` streams for each caller.
    #[must_use]
    pub fn new(max_streams: usize) -> Self {
        Self { max_streams, open: Arc::default() }
    }

    /// Counts a stream of `caller` until the permit is dropped.
    ///
    /// # Errors
    /// 429: the caller has as many open streams as the quota allows.
    pub fn acquire(&self, caller: &Caller) -> Result<StreamPermit, Problem> {
        let owner = CallerIdentity::from(caller);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_count(&open, &owner)?;
        *open.entry(owner.clone()).or_default() += 1;
        Ok(StreamPermit { open: Arc::clone(&self.open), owner })
    }

    /// Checks whether `caller` may open a stream, without counting one.
    ///
    /// # Errors
    /// Those of [`acquire`](Self::acquire).
    pub fn check(&self, caller: &Caller) -> Result<(), Problem> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_count(&open, &CallerIdentity::from(caller))
    }

    fn check_count(&self, open: &OpenStreams, owner: &CallerIdentity) -> Result<(), Problem> {
        if open.get(owner).copied().unwrap_or_default() < self.max_streams {
            return Ok(());
        }
        let detail = format!("the caller has {} open event streams, the maximum", self.max_streams);
        Err(Problem::too_many_requests(detail, RETRY_AFTER))
    }
}

/// Permit of an open event stream. Dropping it returns it to the quota.
pub struct StreamPermit {
    open: Arc<Mutex<OpenStreams>>,
    owner: CallerIdentity,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.owner);
            }
        }
    }
}
