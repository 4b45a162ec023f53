//! Exponential back-off with jitter: the pauses between attempts that fail.

use std::time::Duration;

/// Exponential back-off: each pause is twice as long as the one before, up to a maximum, less a random part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Pause after the first failure.
    pub first: Duration,
    /// Longest pause.
    pub max: Duration,
    /// Largest share of a pause that jitter takes off: 0.0 for none, 0.25 for up to a quarter.
    pub jitter: f64,
}

impl Backoff {
    /// Returns the pause after `failures` earlier failures in a row (0: the first failure), with random jitter.
    #[must_use]
    pub fn pause(&self, failures: u32) -> Duration {
        self.pause_with_jitter(failures, random())
    }

    /// Returns the pause after `failures` earlier failures in a row; the jitter takes off the share `random`, from 0 to 1, of its maximum.
    #[must_use]
    pub fn pause_with_jitter(&self, failures: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        doubled.min(self.max).mul_f64(1.0 - self.jitter * random)
    }
}

/// Returns a random number from 0 to 1; 0 where the operating system has no random bytes.
#[must_use]
pub fn random() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

/// Returns the pause lengthened by up to half at random, so that clients that get it do not retry at the same time.
#[must_use]
pub fn add_jitter(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + random() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(4), jitter: 0.25 };

    #[test]
    fn pauses_double_up_to_the_maximum() {
        let pauses: Vec<_> =
            [0, 1, 2, 3, 31, 32, u32::MAX].map(|failures| BACKOFF.pause_with_jitter(failures, 0.0).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 4, 4, 4, 4]);
    }

    #[test]
    fn jitter_shortens_a_pause_by_at_most_its_share() {
        assert_eq!(BACKOFF.pause_with_jitter(0, 1.0), Duration::from_millis(750));
        for _ in 0..100 {
            let pause = BACKOFF.pause(1);
            assert!((Duration::from_millis(1_500)..=Duration::from_secs(2)).contains(&pause), "{pause:?}");
        }
    }
}
