//! Messages of the job log operations: logs of completed jobs and their entries.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::timestamp::Timestamp;
use crate::ips::types::unreadable::UnreadableValue;

/// Maximum number of logs per request, and of log entries per page, that IPS returns.
pub const MAX_LOG_ROWS: u32 = 1000;

/// Request of `getJobLogs`: lists the logs of completed jobs, without their entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetJobLogsParam {
    /// Company whose logs are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// Only jobs that this user submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_handle: Option<String>,
    /// `JobName`, `LogType`, `StartDate`, `CompanyName`, `UserId`, `Email`, `FileErrorCount`, `FileWarningCount` or
    /// `FileSuccessCount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `Ascending` or `Descending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
    /// Start of the period, with its offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// End of the period, with its offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_date: Option<Timestamp>,
    /// Maximum number of logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_rows: Option<i32>,
}

/// Answer of `getJobLogs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetJobLogsReturn {
    /// The logs, without their entries.
    #[serde(default)]
    #[schema(required = true)]
    pub job_log_array: Vec<JobLog>,
}

/// Request of `getJobLogDetails`: one page of the log entries of a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetJobLogDetailsParam {
    /// The company that the log belongs to.
    pub company_handle: String,
    /// The active or completed job, by handle; alternative to `originalName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// The jobs that were submitted under this name; alternative to `jobHandle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_name: Option<String>,
    /// Only entries of these kinds (`logType`); without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type_array: Option<Vec<String>>,
    /// Number of entries per page, 1 to 1000 (default 1000).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1000)]
    pub records_per_page: Option<i32>,
    /// Page number, starting at 1 (default 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub results_page: Option<i32>,
    /// `Date` (the default) or `LogType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `Ascending` or `Descending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
}

/// Answer of `getJobLogDetails`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetJobLogDetailsReturn {
    /// The matching logs, with the entries of the requested page.
    #[serde(default)]
    #[schema(required = true)]
    pub job_log_array: Vec<JobLog>,
}

/// Request of `getArchivedJobLogDetails`: one page of the archived log entries of a job. Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetArchivedJobLogDetailsParam {
    /// The company that the log belongs to. Since API version 2021-01-11-beta.
    pub company_handle: String,
    /// The completed job, by handle. Since API version 2021-01-11-beta.
    pub job_handle: String,
    /// Only entries of these kinds (`logType`); without it, all. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type_array: Option<Vec<String>>,
    /// Number of entries per page, 1 to 1000 (default 1000). Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1000)]
    pub records_per_page: Option<i32>,
    /// Page number, starting at 1 (default 1). Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub results_page: Option<i32>,
    /// `Date` (the default) or `LogType`. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_by: Option<String>,
    /// `Ascending` or `Descending`. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sort_direction: Option<String>,
}

/// Answer of `getArchivedJobLogDetails`. Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetArchivedJobLogDetailsReturn {
    /// The matching archived logs, with the entries of the requested page. Since API version 2021-01-11-beta.
    #[serde(default)]
    #[schema(required = true)]
    pub job_log_array: Vec<JobLog>,
}

/// The log of one run of a job (IPS type `JobLog`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLog {
    /// The company that the job belonged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub company_handle: Option<String>,
    /// Handle of the logged run, opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_handle: Option<String>,
    /// Name of this run: `originalJobName` plus a uniqueness suffix (an active job's `name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_name: Option<String>,
    /// The `jobName` that was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_job_name: Option<String>,
    /// E-mail address of the user who submitted the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// The kind of the log, for example `BeginUpload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// Subtype of the job; for image serving publishes the publish type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_sub_type: Option<String>,
    /// When the job started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// When the job ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_date: Option<Timestamp>,
    /// Free text, as submitted with the job; often empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Files processed successfully.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_success_count: Option<i64>,
    /// Files that caused an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_error_count: Option<i64>,
    /// Files that caused a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_warning_count: Option<i64>,
    /// Files that were duplicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_duplicate_count: Option<i64>,
    /// Files that were updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file_update_count: Option<i64>,
    /// Files that the job processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_file_count: Option<i64>,
    /// Successful transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_success_count: Option<i64>,
    /// Transfers that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_error_count: Option<i64>,
    /// Transfers with a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_warning_count: Option<i64>,
    /// Whether the job ended in a fatal error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fatal_error: Option<bool>,
    /// Total number of matching entries, over all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail_total_rows: Option<i64>,
    /// The log entries of this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail_array: Option<Vec<JobLogDetail>>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}

/// An entry of a job log (IPS type `JobLogDetail`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogDetail {
    /// The message, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// The kind of entry, for example `UploadSuccess`, `UploadWarning`, `UploadError`, `FatalError`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// When the entry was written. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
    /// Name of the asset that the entry is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_name: Option<String>,
    /// The type of that asset, for example `MasterImage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_type: Option<String>,
    /// The handle of that asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_handle: Option<String>,
    /// Supplementary messages, such as the warnings about the asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aux_array: Option<Vec<JobLogDetailAux>>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}

/// A supplementary message of a log entry (IPS type `JobLogDetailAux`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogDetailAux {
    /// The message, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_message: Option<String>,
    /// The kind of message, for example a warning or an error of an upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_type: Option<String>,
    /// When the message was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
}
