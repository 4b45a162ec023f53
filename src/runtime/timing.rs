//! Intervals that have no setting. They are a dependency so that tests can shorten them.

use std::time::Duration;

use crate::runtime::backoff::Backoff;

/// Intervals that have no setting; the default has those of production.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Back-off between the attempts of a read of IPS. By default 100 ms to 1 s, with a jitter of up to half.
    pub read_retry: Backoff,
    /// Pauses before the lookups of a job whose submit lost its response. By default 0, 0.5 and 2 s: IPS may need time to list it.
    pub submit_recovery: [Duration; 3],
    /// Time after its submit within which a job has to appear in a list of IPS; until then its id is known, although IPS may not have accepted
    /// it. By default 2 min.
    pub submit_appearance: Duration,
    /// Interval of comments in an event stream without events. By default 15 s.
    pub heartbeat: Duration,
    /// Interval at which the file of API keys is read; a change is used after two reads. By default 1 s.
    pub key_file_poll: Duration,
    /// Interval at which the credentials of the service account are checked at the start, until IPS answers. By default 10 s.
    pub account_check: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_retry: Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1), jitter: 0.5 },
            submit_recovery: [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)],
            submit_appearance: Duration::from_mins(2),
            heartbeat: Duration::from_secs(15),
            key_file_poll: Duration::from_secs(1),
            account_check: Duration::from_secs(10),
        }
    }
}
