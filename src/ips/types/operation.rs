//! The operations of the job API, as a table: request, answer, and whether a call changes anything.

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
    ($($name:literal: $request:ident => $answer:ident, $effect:ident;)+) => {
        $(impl Operation for $request {
            const NAME: &'static str = $name;
            const REQUEST: &'static str = concat!($name, "Param");
            const ANSWER: &'static str = concat!($name, "Return");
            const EFFECT: Effect = Effect::$effect;
            type Answer = $answer;
        })+

        /// The name of every operation of the job API.
        pub const OPERATIONS: &[&str] = &[$($name),+];
    };
}

operations! {
    "submitJob": SubmitJobParam => SubmitJobReturn, Changes;
    "getActiveJobs": GetActiveJobsParam => GetActiveJobsReturn, Reads;
    "getScheduledJobs": GetScheduledJobsParam => GetScheduledJobsReturn, Reads;
    "getJobLogs": GetJobLogsParam => GetJobLogsReturn, Reads;
    "getJobLogDetails": GetJobLogDetailsParam => GetJobLogDetailsReturn, Reads;
    "getArchivedJobLogDetails": GetArchivedJobLogDetailsParam => GetArchivedJobLogDetailsReturn, Reads;
    "getAssetJobLogs": GetAssetJobLogsParam => GetAssetJobLogsReturn, Reads;
    "getAssetArchivedJobLogs": GetAssetArchivedJobLogsParam => GetAssetArchivedJobLogsReturn, Reads;
    "stopJob": StopJobParam => StopJobReturn, Changes;
    "pauseJob": PauseJobParam => PauseJobReturn, Changes;
    "resumeJob": ResumeJobParam => ResumeJobReturn, Changes;
    "executeJob": ExecuteJobParam => ExecuteJobReturn, Changes;
    "deleteJob": DeleteJobParam => DeleteJobReturn, Changes;
    "getCompanyInfo": GetCompanyInfoParam => GetCompanyInfoReturn, Reads;
    "getCompanyMembership": GetCompanyMembershipParam => GetCompanyMembershipReturn, Reads;
    "checkLogin": CheckLoginParam => CheckLoginReturn, Reads;
}
