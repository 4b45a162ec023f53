//! Guard that counts something in a gauge for as long as it exists.

use metrics::Gauge;

/// Increments a gauge when it is created and decrements it when it is dropped.
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    /// Increments `gauge`.
    #[must_use]
    pub fn new(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
