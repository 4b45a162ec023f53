//! The operations of the job API, as a table.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

/// Whether a call changes anything upstream: it decides what may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Only reads; may be repeated.
    Reads,
    /// Changes something; never repeated once a byte may have arrived.
    Changes,
}

/// A request type that knows its operation.
pub trait Operation: Serialize + DeserializeOwned + Send + Sync {
    /// The operation's name, also its `SOAPAction`.
    const NAME: &'static str;
    /// The local name of the request's body element.
    const REQUEST: &'static str;
    /// The local name of the answer's body element.
    const ANSWER: &'static str;
    /// Whether it changes anything.
    const EFFECT: Effect;
    /// What IPS answers.
    type Answer: Serialize + DeserializeOwned + Send;
}

macro_rules! operations {
    ($($name:literal: $request:ident => $answer:ident, $request_root:literal => $answer_root:literal, $effect:ident;)+) => {
        $(impl Operation for $request {
            const NAME: &'static str = $name;
            const REQUEST: &'static str = $request_root;
            const ANSWER: &'static str = $answer_root;
            const EFFECT: Effect = Effect::$effect;
            type Answer = $answer;
        })+

        /// The name of every operation of the job API.
        pub const OPERATIONS: &[&str] = &[$($name),+];
    };
}

operations! {
    "submitJob": SubmitJobParam => SubmitJobReturn, "submitJobParam" => "submitJobReturn", Changes;
    "getActiveJobs": GetActiveJobsParam => GetActiveJobsReturn, "getActiveJobsParam" => "getActiveJobsReturn", Reads;
    "getScheduledJobs": GetScheduledJobsParam => GetScheduledJobsReturn, "getScheduledJobsParam" => "getScheduledJobsReturn", Reads;
    "getJobLogs": GetJobLogsParam => GetJobLogsReturn, "getJobLogsParam" => "getJobLogsReturn", Reads;
    "getJobLogDetails": GetJobLogDetailsParam => GetJobLogDetailsReturn, "getJobLogDetailsParam" => "getJobLogDetailsReturn", Reads;
    "getArchivedJobLogDetails": GetArchivedJobLogDetailsParam => GetArchivedJobLogDetailsReturn, "getArchivedJobLogDetailsParam" => "getArchivedJobLogDetailsReturn", Reads;
    "getAssetJobLogs": GetAssetJobLogsParam => GetAssetJobLogsReturn, "getAssetJobLogsParam" => "getAssetJobLogsReturn", Reads;
    "getAssetArchivedJobLogs": GetAssetArchivedJobLogsParam => GetAssetArchivedJobLogsReturn, "getAssetArchivedJobLogsParam" => "getAssetArchivedJobLogsReturn", Reads;
    "stopJob": StopJobParam => StopJobReturn, "stopJobParam" => "stopJobReturn", Changes;
    "pauseJob": PauseJobParam => PauseJobReturn, "pauseJobParam" => "pauseJobReturn", Changes;
    "resumeJob": ResumeJobParam => ResumeJobReturn, "resumeJobParam" => "resumeJobReturn", Changes;
    "executeJob": ExecuteJobParam => ExecuteJobReturn, "executeJobParam" => "executeJobReturn", Changes;
    "deleteJob": DeleteJobParam => DeleteJobReturn, "deleteJobParam" => "deleteJobReturn", Changes;
    "getCompanyInfo": GetCompanyInfoParam => GetCompanyInfoReturn, "getCompanyInfoParam" => "getCompanyInfoReturn", Reads;
    "getCompanyMembership": GetCompanyMembershipParam => GetCompanyMembershipReturn, "getCompanyMembershipParam" => "getCompanyMembershipReturn", Reads;
    "checkLogin": CheckLoginParam => CheckLoginReturn, "checkLoginParam" => "checkLoginReturn", Reads;
}
