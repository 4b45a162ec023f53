//! Memory budget of request bodies.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::telemetry::metrics::report_table;

/// Budget in bytes that the bodies of all requests in flight share.
#[derive(Debug, Clone)]
pub struct BodyBudget {
    available: Arc<AtomicUsize>,
    bytes: usize,
}

impl BodyBudget {
    /// Creates a budget of this many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { available: Arc::new(AtomicUsize::new(bytes)), bytes }
    }

    /// Sets the gauge of the memory of the bodies in flight.
    pub fn report_metrics(&self) {
        let used = self.bytes.saturating_sub(self.available.load(Ordering::Relaxed));
        report_table("request_bodies", used as u64, self.bytes as u64);
    }

    /// Returns a reservation of no bytes.
    #[must_use]
    pub fn reservation(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: Cell::new(0) }
    }
}

/// Bytes reserved for the body of one request. Dropping it returns them.
#[derive(Debug)]
pub struct Reservation {
    budget: BodyBudget,
    bytes: Cell<usize>,
}

/// Error of a reservation that exceeds the remaining budget.
#[derive(Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Reservation {
    /// Reserves more bytes.
    ///
    /// # Errors
    /// The budget is exhausted; earlier reservations are kept.
    pub fn grow(&self, bytes: usize) -> Result<(), Exhausted> {
        let available = &self.budget.available;
        available
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |available| available.checked_sub(bytes))
            .map_err(|_| Exhausted)?;
        self.bytes.set(self.bytes.get() + bytes);
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.available.fetch_add(self.bytes.get(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use crate::http::body_budget::{BodyBudget, Exhausted};

    #[test]
    fn reservations_share_the_budget_and_return_it_when_they_are_dropped() {
        let budget = BodyBudget::new(10);
        let (first, second) = (budget.reservation(), budget.reservation());
        assert_eq!(first.grow(6), Ok(()));
        assert_eq!(second.grow(5), Err(Exhausted));
        assert_eq!(second.grow(4), Ok(()));
        assert_eq!(first.grow(1), Err(Exhausted));
        drop(first);
        assert_eq!(second.grow(6), Ok(()));
        drop(second);
        assert_eq!(budget.reservation().grow(10), Ok(()));
    }
}
