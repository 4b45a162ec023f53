//! Guard that counts something in a gauge for as long as it exists.

use std::borrow::Borrow;

use metrics::Gauge;

/// Increments a gauge when it is created and decrements it when it is dropped.
pub struct GaugeGuard<G: Borrow<Gauge> = Gauge>(G);

impl<G: Borrow<Gauge>> GaugeGuard<G> {
    /// Increments `gauge`.
    #[must_use]
    pub fn new(gauge: G) -> Self {
        gauge.borrow().increment(1.0);
        Self(gauge)
    }
}

impl<G: Borrow<Gauge>> Drop for GaugeGuard<G> {
    fn drop(&mut self) {
        self.0.borrow().decrement(1.0);
    }
}
