//! Values of an answer that could not be read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Value of an IPS response that could not be read. Its field is absent; the other fields are not affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadableValue {
    /// Path of the element within the job, log, log entry or company, for example `taskProgressArray.items[0].numPending`.
    #[schema(example = "totalSize")]
    pub path: String,
    /// Text that IPS sent, at most 100 bytes of it.
    #[schema(example = "12.5 MB")]
    pub value: String,
    /// Reason why it could not be read.
    pub reason: String,
}
