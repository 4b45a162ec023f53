//! Whether the replicas know an idempotency key, and what happens to a submit if they can't.

/// Whether the replicas know an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// All replicas do, or there is one only.
    Kept,
    /// Only this one does: the shared store is unavailable.
    NotShared,
}

impl KeyStatus {
    /// Returns the status as in `Idempotency-Status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotShared => "not-shared",
        }
    }
}

/// Treatment of submits whose idempotency key can't be shared, because the shared store is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsharedKeys {
    /// They are sent.
    Send,
    /// They are refused.
    Refuse,
}
