//! Latencies, and pacing of requests at a constant rate.

use std::time::{Duration, Instant};

/// Latencies of requests.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds a latency.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds all latencies of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns their number.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns a quantile in milliseconds; `part` is in thousandths, such as 990 for the 99th percentile.
    pub fn per_mille(&mut self, part: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * part / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// Schedule at a constant rate with an end. A tick that is late doesn't delay the next ones.
pub struct Pacer {
    next: Instant,
    interval: Duration,
    end: Instant,
}

impl Pacer {
    /// Starts a schedule with a tick per `interval` for `duration`.
    pub fn new(interval: Duration, duration: Duration) -> Self {
        let now = Instant::now();
        Self { next: now, interval, end: now + duration }
    }

    /// Waits for the next tick and returns the time at which it was due; `None` after the last one.
    pub async fn next(&mut self) -> Option<Instant> {
        let due = self.next;
        if due >= self.end {
            return None;
        }
        self.next += self.interval;
        tokio::time::sleep_until(due.into()).await;
        Some(due)
    }
}
