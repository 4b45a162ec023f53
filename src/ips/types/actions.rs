//! What can be asked of a job: stop, pause, resume, execute, delete.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Stops a job in progress (`stopJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The job to stop.
    pub job_handle: String,
}

/// What `stopJob` answers: nothing, it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopJobReturn {}

/// Pauses an active job (`pauseJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The active job to pause.
    pub job_handle: String,
}

/// What `pauseJob` answers: nothing, it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseJobReturn {}

/// Resumes a paused job (`resumeJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The paused job to resume.
    pub job_handle: String,
}

/// What `resumeJob` answers: nothing, it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResumeJobReturn {}

/// Runs a scheduled job now (`executeJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The scheduled job to run now.
    pub job_handle: String,
}

/// What `executeJob` answers: nothing, it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteJobReturn {}

/// Deletes a current or scheduled job (`deleteJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteJobParam {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// The current or scheduled job to delete.
    pub job_handle: String,
}

/// What `deleteJob` answers: nothing, it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteJobReturn {}
