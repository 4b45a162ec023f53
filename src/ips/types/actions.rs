//! actions

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The request of `stopJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopJobParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
}

/// The answer of `stopJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopJobReturn {}

/// The request of `pauseJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseJobParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
}

/// The answer of `pauseJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseJobReturn {}

/// The request of `resumeJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeJobParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
}

/// The answer of `resumeJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResumeJobReturn {}

/// The request of `executeJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteJobParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
}

/// The answer of `executeJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteJobReturn {}

/// The request of `deleteJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteJobParam {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
}

/// The answer of `deleteJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteJobReturn {}
