//! Messages of the job actions: stop, pause, resume, execute, delete.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Request of `stopJob`: stops a job in progress.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The job to stop.
    pub job_handle: String,
}

/// Answer of `stopJob`: empty, the request was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopJobReturn {}

/// Request of `pauseJob`: pauses an active job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The active job to pause.
    pub job_handle: String,
}

/// Answer of `pauseJob`: empty, the request was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseJobReturn {}

/// Request of `resumeJob`: resumes a paused job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The paused job to resume.
    pub job_handle: String,
}

/// Answer of `resumeJob`: empty, the request was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResumeJobReturn {}

/// Request of `executeJob`: runs a scheduled job now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The scheduled job to run now.
    pub job_handle: String,
}

/// Answer of `executeJob`: empty, the request was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteJobReturn {}

/// Request of `deleteJob`: deletes a current or scheduled job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The current or scheduled job to delete.
    pub job_handle: String,
}

/// Answer of `deleteJob`: empty, the request was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteJobReturn {}
