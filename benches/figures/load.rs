//! Times, and requests at a steady rate.

use std::time::{Duration, Instant};

/// How long things took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many of a thousand did not exceed, in milliseconds.
    pub fn per_mille(&mut self, part: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * part / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// Beats at a steady rate until a moment; one that comes late is made up for.
pub struct Beat {
    next: Instant,
    every: Duration,
    until: Instant,
}

impl Beat {
    /// `every` so often, for so long.
    pub fn new(every: Duration, lasting: Duration) -> Self {
        let now = Instant::now();
        Self { next: now, every, until: now + lasting }
    }

    /// Waits for the next beat and tells when it was due; `None` after the last.
    pub async fn next(&mut self) -> Option<Instant> {
        let due = self.next;
        if due >= self.until {
            return None;
        }
        self.next += self.every;
        tokio::time::sleep_until(due.into()).await;
        Some(due)
    }
}
