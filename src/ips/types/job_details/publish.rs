//! Job details of publishes, on their own or following an upload.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::enums::{EmailSetting, PublishType};

/// Publishes assets to the image servers (IPS type `ImageServingPublishJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"publishType": "Incremental", "emailSetting": "None"})))]
pub struct ImageServingPublishJob {
    /// Scope of the publish.
    pub publish_type: PublishType,
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// Handle of the publish context.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// Publishes assets to the image rendering servers (IPS type `ImageRenderingPublishJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"emailSetting": "ErrorAndWarning"})))]
pub struct ImageRenderingPublishJob {
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// Handle of the publish context.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// Publishes videos to the video servers (IPS type `VideoPublishJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "emailSetting": "None",
    "httpCompletionUrl": "https://hooks.example.com/ips/published"
})))]
pub struct VideoPublishJob {
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
    /// Handle of the publish context.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_handle: Option<String>,
}

/// Publishes assets marked for publishing to a server directory (IPS type `ServerDirectoryPublishJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"emailSetting": "JobCompletion"})))]
pub struct ServerDirectoryPublishJob {
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub http_completion_url: Option<String>,
}

/// Publishes metadata to the metadata server (IPS type `MetadataPublishJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"forcePublish": false})))]
pub struct MetadataPublishJob {
    /// Publishes everything again, which can take hours; by default only what is new or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_publish: Option<bool>,
}
