//! asset_logs

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::job_logs::JobLogDetailAux;
use super::timestamp::Timestamp;

/// The request of `getAssetJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAssetJobLogsParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `assetHandle`
    pub asset_handle: String,
}

/// The answer of `getAssetJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetAssetJobLogsReturn {
    /// `jobLogArray`
    #[serde(default)]
    pub job_log_array: Vec<AssetJobLog>,
}

/// The request of `getAssetArchivedJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAssetArchivedJobLogsParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `assetHandle`
    pub asset_handle: String,
}

/// The answer of `getAssetArchivedJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetAssetArchivedJobLogsReturn {
    /// `jobLogArray`
    #[serde(default)]
    pub job_log_array: Vec<AssetJobLog>,
}

/// AssetJobLog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetJobLog {
    /// `jobHandle`
    pub job_handle: String,
    /// `jobName`
    pub job_name: String,
    /// `logMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// `logType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// `submitUserEmail`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// `logDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_date: Option<Timestamp>,
    /// `auxArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aux_array: Option<Vec<JobLogDetailAux>>,
}
