//! Messages of the asset log operations: log entries of one asset.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::job_logs::JobLogDetailAux;
use crate::ips::types::timestamp::Timestamp;
use crate::ips::types::unreadable::UnreadableValue;

/// Request of `getAssetJobLogs`: lists the log entries of an asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAssetJobLogsParam {
    /// The company that the asset belongs to.
    pub company_handle: String,
    /// The asset.
    pub asset_handle: String,
}

/// Answer of `getAssetJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetAssetJobLogsReturn {
    /// The log entries that concern the asset.
    #[serde(default)]
    #[schema(required = true)]
    pub job_log_array: Vec<AssetJobLog>,
}

/// Request of `getAssetArchivedJobLogs`: lists the archived log entries of an asset. Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAssetArchivedJobLogsParam {
    /// The company that the asset belongs to. Since API version 2021-01-11-beta.
    pub company_handle: String,
    /// The asset. Since API version 2021-01-11-beta.
    pub asset_handle: String,
}

/// Answer of `getAssetArchivedJobLogs`. Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetAssetArchivedJobLogsReturn {
    /// The archived log entries that concern the asset. Since API version 2021-01-11-beta.
    #[serde(default)]
    #[schema(required = true)]
    pub job_log_array: Vec<AssetJobLog>,
}

/// A log entry that concerns one asset (IPS type `AssetJobLog`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetJobLog {
    /// Handle of the logged run, opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_handle: Option<String>,
    /// Name of the run that wrote the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_name: Option<String>,
    /// The message, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// The kind of entry, for example `UploadSuccess`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// E-mail address of the user who submitted the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// When the entry was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_date: Option<Timestamp>,
    /// Supplementary messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aux_array: Option<Vec<JobLogDetailAux>>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}
