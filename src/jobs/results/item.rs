//! Results: what one entry of a job's log says about an asset or a link.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::Timestamp;
use crate::jobs::model::kind::JobKind;
use crate::jobs::queries::{LogEntry, LogLevel};

/// Type of the log entries of assets that a stopped job did not handle.
const CANCEL_LOG_TYPE: &str = "FileCancel";
/// Kind of the jobs whose log has the URL of a ZIP file.
const EXPORT: &str = "export";

/// Result of a job for one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ResultStatus {
    /// The log entry of the asset is neither an error nor a warning.
    Ok,
    /// The job handled the asset, with a warning.
    Warning,
    /// The job could not handle the asset.
    Error,
    /// The job was stopped before it handled the asset.
    Canceled,
}

impl ResultStatus {
    /// Returns the word of the status in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Canceled => "canceled",
        }
    }

    fn of(entry: &LogEntry) -> Self {
        let is_canceled =
            entry.detail.log_type.as_deref().is_some_and(|log_type| log_type.eq_ignore_ascii_case(CANCEL_LOG_TYPE));
        match entry.level {
            _ if is_canceled => Self::Canceled,
            LogLevel::Error => Self::Error,
            LogLevel::Warning => Self::Warning,
            LogLevel::Info => Self::Ok,
        }
    }
}

/// Log entry about an asset.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultAsset {
    /// What became of the asset.
    pub status: ResultStatus,
    /// Handle of the asset; absent if the job made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "a|11003")]
    pub asset_handle: Option<String>,
    /// Name of the asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rain_jacket_red")]
    pub asset_name: Option<String>,
    /// Type of the asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Image")]
    pub asset_type: Option<String>,
    /// Message of the entry, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    /// Supplementary messages of the entry, such as the reasons of an error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reasons: Vec<String>,
    /// Type of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "UploadError")]
    pub log_type: Option<String>,
    /// Time of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
}

/// Link that a job made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultLink {
    /// URL, for example of the ZIP file of an export.
    #[schema(example = "https://sandbox.example.com/export/17.zip")]
    pub url: String,
    /// Message of the entry, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    /// Time of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_created: Option<Timestamp>,
}

/// Result of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum JobResult {
    /// Link that the job made.
    Link(ResultLink),
    /// Asset that the job touched.
    Asset(ResultAsset),
}

impl JobResult {
    /// Returns the result that an entry of the log of a job of this kind is about; `None` of an entry about the job as a whole.
    pub(super) fn of(entry: LogEntry, kind: Option<&JobKind>) -> Option<Self> {
        let status = ResultStatus::of(&entry);
        let detail = entry.detail;
        let has_url = detail.asset_name.as_deref().is_some_and(is_url) && detail.asset_handle.is_none();
        let is_export = kind.is_none_or(|kind| kind.as_str() == EXPORT);
        match detail.asset_name {
            // Entries of uploads may have the URL of a file as its name.
            Some(url) if has_url && is_export && status == ResultStatus::Ok => {
                Some(Self::Link(ResultLink { url, message: detail.log_message, date_created: detail.date_created }))
            }
            None if detail.asset_handle.is_none() => None,
            asset_name => Some(Self::Asset(ResultAsset {
                status,
                asset_handle: detail.asset_handle,
                asset_name,
                asset_type: detail.asset_type,
                message: detail.log_message,
                reasons: detail.aux_array.into_iter().flatten().filter_map(|aux| aux.log_message).collect(),
                log_type: detail.log_type,
                date_created: detail.date_created,
            })),
        }
    }
}

/// Returns whether a text begins like a URL that a browser can open.
fn is_url(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme)))
}
