//! job_logs

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::timestamp::Timestamp;

/// The request of `getJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetJobLogsParam {
    /// `companyHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// `userHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_handle: Option<String>,
    /// `sortBy`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `sortDirection`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
    /// `startDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// `endDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_date: Option<Timestamp>,
    /// `numRows`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_rows: Option<i32>,
}

/// The answer of `getJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetJobLogsReturn {
    /// `jobLogArray`
    #[serde(default)]
    pub job_log_array: Vec<JobLog>,
}

/// The request of `getJobLogDetails`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetJobLogDetailsParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// `originalName`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_name: Option<String>,
    /// `logTypeArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type_array: Option<Vec<String>>,
    /// `recordsPerPage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub records_per_page: Option<i32>,
    /// `resultsPage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub results_page: Option<i32>,
    /// `sortBy`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `sortDirection`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
}

/// The answer of `getJobLogDetails`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetJobLogDetailsReturn {
    /// `jobLogArray`
    #[serde(default)]
    pub job_log_array: Vec<JobLog>,
}

/// The request of `getArchivedJobLogDetails`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetArchivedJobLogDetailsParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
    /// `logTypeArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type_array: Option<Vec<String>>,
    /// `recordsPerPage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub records_per_page: Option<i32>,
    /// `resultsPage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub results_page: Option<i32>,
    /// `sortBy`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `sortDirection`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
}

/// The answer of `getArchivedJobLogDetails`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetArchivedJobLogDetailsReturn {
    /// `jobLogArray`
    #[serde(default)]
    pub job_log_array: Vec<JobLog>,
}

/// JobLog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLog {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
    /// `jobName`
    pub job_name: String,
    /// `originalJobName`
    pub original_job_name: String,
    /// `submitUserEmail`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// `logType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// `jobSubType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_sub_type: Option<String>,
    /// `startDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// `endDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_date: Option<Timestamp>,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// `fileSuccessCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_success_count: Option<i64>,
    /// `fileErrorCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_error_count: Option<i64>,
    /// `fileWarningCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_warning_count: Option<i64>,
    /// `fileDuplicateCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_duplicate_count: Option<i64>,
    /// `fileUpdateCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_update_count: Option<i64>,
    /// `totalFileCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_file_count: Option<i64>,
    /// `transferSuccessCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_success_count: Option<i64>,
    /// `transferErrorCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_error_count: Option<i64>,
    /// `transferWarningCount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_warning_count: Option<i64>,
    /// `fatalError`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fatal_error: Option<bool>,
    /// `detailTotalRows`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail_total_rows: Option<i64>,
    /// `detailArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail_array: Option<Vec<JobLogDetail>>,
}

/// JobLogDetail.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogDetail {
    /// `logMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// `logType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// `dateCreated`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
    /// `assetName`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_name: Option<String>,
    /// `assetType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_type: Option<String>,
    /// `assetHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_handle: Option<String>,
    /// `auxArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aux_array: Option<Vec<JobLogDetailAux>>,
}

/// JobLogDetailAux.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogDetailAux {
    /// `logMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// `logType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// `dateCreated`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
}
