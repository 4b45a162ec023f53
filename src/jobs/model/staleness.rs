//! Staleness of lists and jobs.

use serde::Serialize;
use utoipa::ToSchema;

/// Reason why a stale response was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StaleReason {
    /// A call to IPS that revalidates the list is in flight.
    Revalidating,
    /// The last call to IPS failed.
    UpstreamFailed,
}

impl StaleReason {
    /// Returns the reason as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Revalidating => "revalidating",
            Self::UpstreamFailed => "upstreamFailed",
        }
    }
}
