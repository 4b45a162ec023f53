//! publish

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::open::EmailSetting;
use super::open::PublishType;

/// ImageServingPublishJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageServingPublishJob {
    /// `publishType`
    pub publish_type: PublishType,
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `httpCompletionUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// `contextHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// ImageRenderingPublishJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageRenderingPublishJob {
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `httpCompletionUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// `contextHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// VideoPublishJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoPublishJob {
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `httpCompletionUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// `contextHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// ServerDirectoryPublishJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerDirectoryPublishJob {
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `httpCompletionUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
}

/// MetadataPublishJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataPublishJob {
    /// `forcePublish`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_publish: Option<bool>,
}
