//! Table of the IPS job operations: method name, wire name, request, answer and effect of each.
//!
//! [`for_each_operation!`] is the only list of operations. The [`Operation`] implementations and [`OPERATIONS`]
//! are made from it here; traits, decorators and dispatchers elsewhere are made from it through a callback macro.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::messages::*;

/// Effect of a call on the state of IPS; decides whether it may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Read-only; may be retried and shared between callers.
    Reads,
    /// Mutation; never repeated once a byte of it may have reached IPS.
    Changes,
}

/// Request that can name a company.
pub trait CompanyRequest {
    /// Returns the handle of the company that the request is about; `None` if it names none.
    fn company(&self) -> Option<&str>;
}

macro_rules! company_requests {
    (required: $($required:ident)*; optional: $($optional:ident)*; none: $($none:ident)*;) => {
        $(impl CompanyRequest for $required {
            fn company(&self) -> Option<&str> {
                Some(&self.company_handle)
            }
        })*
        $(impl CompanyRequest for $optional {
            fn company(&self) -> Option<&str> {
                self.company_handle.as_deref()
            }
        })*
        $(impl CompanyRequest for $none {
            fn company(&self) -> Option<&str> {
                None
            }
        })*
    };
}

company_requests! {
    required: SubmitJobParam StopJobParam PauseJobParam ResumeJobParam ExecuteJobParam DeleteJobParam GetJobLogDetailsParam
        GetArchivedJobLogDetailsParam GetAssetJobLogsParam GetAssetArchivedJobLogsParam;
    optional: GetActiveJobsParam GetScheduledJobsParam GetJobLogsParam GetCompanyInfoParam CheckLoginParam;
    none: GetCompanyMembershipParam GetUserInfoParam;
}

/// Name and effect of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationInfo {
    /// Name of the operation.
    pub name: &'static str,
    /// Effect of a call.
    pub effect: Effect,
}

/// Request of an IPS operation, with the operation's name, elements, effect and answer.
pub trait Operation: CompanyRequest + Serialize + DeserializeOwned + Send + Sync {
    /// Name of the operation, for example `getActiveJobs`; also its `SOAPAction`.
    const NAME: &'static str;
    /// Local name of the request's body element, for example `getActiveJobsParam`.
    const REQUEST: &'static str;
    /// Local name of the answer's body element, for example `getActiveJobsReturn`.
    const ANSWER: &'static str;
    /// Effect of a call.
    const EFFECT: Effect;
    /// Name and effect, for code that is the same for all operations.
    const INFO: OperationInfo = OperationInfo { name: Self::NAME, effect: Self::EFFECT };
    /// Answer of IPS.
    type Answer: Serialize + DeserializeOwned + Send;
}

/// Calls a macro with the table of all IPS job operations.
///
/// `for_each_operation!(callback)` expands to one call of `callback!` with a row per operation:
///
/// ```text
/// callback! {
///     submit_job, "submitJob", SubmitJobParam => SubmitJobReturn, Changes;
///     get_active_jobs, "getActiveJobs", GetActiveJobsParam => GetActiveJobsReturn, Reads;
///     …
/// }
/// ```
///
/// `for_each_operation!(callback { tokens })` puts `{ tokens }` before the first row, for a callback that takes arguments. The types of a row
/// are found where the macro is called: import `ips::types::*` there. A callback matches the rows with
/// `$($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+`.
///
/// ```
/// use ips_gateway::ips::types::{OPERATIONS, for_each_operation};
///
/// macro_rules! method_names {
///     ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
///         [$(stringify!($method)),+]
///     };
/// }
/// let methods = for_each_operation!(method_names);
/// assert_eq!(methods.len(), OPERATIONS.len());
/// assert_eq!(methods[0], "submit_job");
/// ```
#[macro_export]
macro_rules! for_each_operation {
    ($callback:ident $({ $($argument:tt)* })?) => {
        $callback! {
            $({ $($argument)* })?
            submit_job, "submitJob", SubmitJobParam => SubmitJobReturn, Changes;
            get_active_jobs, "getActiveJobs", GetActiveJobsParam => GetActiveJobsReturn, Reads;
            get_scheduled_jobs, "getScheduledJobs", GetScheduledJobsParam => GetScheduledJobsReturn, Reads;
            get_job_logs, "getJobLogs", GetJobLogsParam => GetJobLogsReturn, Reads;
            get_job_log_details, "getJobLogDetails", GetJobLogDetailsParam => GetJobLogDetailsReturn, Reads;
            get_archived_job_log_details, "getArchivedJobLogDetails",
                GetArchivedJobLogDetailsParam => GetArchivedJobLogDetailsReturn, Reads;
            get_asset_job_logs, "getAssetJobLogs", GetAssetJobLogsParam => GetAssetJobLogsReturn, Reads;
            get_asset_archived_job_logs, "getAssetArchivedJobLogs",
                GetAssetArchivedJobLogsParam => GetAssetArchivedJobLogsReturn, Reads;
            stop_job, "stopJob", StopJobParam => StopJobReturn, Changes;
            pause_job, "pauseJob", PauseJobParam => PauseJobReturn, Changes;
            resume_job, "resumeJob", ResumeJobParam => ResumeJobReturn, Changes;
            execute_job, "executeJob", ExecuteJobParam => ExecuteJobReturn, Changes;
            delete_job, "deleteJob", DeleteJobParam => DeleteJobReturn, Changes;
            get_company_info, "getCompanyInfo", GetCompanyInfoParam => GetCompanyInfoReturn, Reads;
            get_company_membership, "getCompanyMembership", GetCompanyMembershipParam => GetCompanyMembershipReturn, Reads;
            check_login, "checkLogin", CheckLoginParam => CheckLoginReturn, Reads;
            get_user_info, "getUserInfo", GetUserInfoParam => GetUserInfoReturn, Reads;
        }
    };
}

pub use for_each_operation;

macro_rules! implement {
    ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        $(impl Operation for $request {
            const NAME: &'static str = $name;
            const REQUEST: &'static str = concat!($name, "Param");
            const ANSWER: &'static str = concat!($name, "Return");
            const EFFECT: Effect = Effect::$effect;
            type Answer = $answer;
        })+

        /// Returns name and effect of the operation with this name.
        #[must_use]
        pub fn operation_named(name: &str) -> Option<(&'static str, Effect)> {
            match name {
                $($name => Some(($name, Effect::$effect)),)+
                _ => None,
            }
        }

        /// Names of all IPS job operations, in the order of the table.
        pub const OPERATIONS: &[&str] = &[$($name),+];
    };
}

for_each_operation!(implement);
