//! Job actions: delete, stop, pause, resume, execute.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::http::AppState;
use crate::http::auth::Operator;
use crate::http::extract::{CompanyParams, CompanyQuery, IfMatch, JobPath};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::HandlerResult;
use crate::jobs::{Action, CacheDirective, CompanyChoice, JobRef, ObservedJob, StaleReason};
use crate::upstream::Caller;

/// Declares the handler of each action: summary and description, method, path, name, operation id, action, success response.
macro_rules! action_routes {
    ($($(#[$docs:meta])+ $method:ident $path:literal => $handler:ident, $operation_id:literal, $action:expr, $success:tt;)+) => {$(
        $(#[$docs])+
        #[utoipa::path(
            $method, path = $path, operation_id = $operation_id, tag = components::JOBS,
            params(components::JobParam, CompanyParams, components::IfMatchHeader),
            responses($success, components::ProblemResponses),
        )]
        pub async fn $handler(
            state: Data<AppState>,
            Operator(caller): Operator,
            JobPath(job): JobPath,
            CompanyQuery { company, .. }: CompanyQuery,
            if_match: IfMatch,
        ) -> HandlerResult {
            check(&state, &caller, &company, &job, &if_match).await?;
            perform(&state, caller, company, job, $action).await
        }
    )+};
}

action_routes! {
    /// Delete a job
    ///
    /// Deletes an active or scheduled job (`deleteJob`). Completed jobs can't be deleted.
    delete "/jobs/{job}" => delete, "deleteJob", Action::Delete,
        (status = 204, description = "The job is deleted");

    /// Stop a job
    ///
    /// Asks IPS to stop an active job (`stopJob`). The response is the new state of the job: `stopping`, or completed already.
    post "/jobs/{job}/stop" => stop, "stopJob", Action::Stop,
        (status = 202, description = "IPS accepted the request; new state of the job", body = ObservedJob);

    /// Pause a job
    ///
    /// Pauses an active job, or suspends the schedule of a scheduled one (`pauseJob`).
    post "/jobs/{job}/pause" => pause, "pauseJob", Action::Pause,
        (status = 202, description = "IPS accepted the request; new state of the job", body = ObservedJob);

    /// Resume a job
    ///
    /// Resumes a paused job or schedule (`resumeJob`).
    post "/jobs/{job}/resume" => resume, "resumeJob", Action::Resume,
        (status = 202, description = "IPS accepted the request; new state of the job", body = ObservedJob);

    /// Run a job now
    ///
    /// Starts a job immediately, such as a scheduled one (`executeJob`). A recurring schedule is kept; the additional run is a separate job.
    post "/jobs/{job}/execute" => execute, "executeJob", Action::Execute,
        (status = 202, description = "IPS accepted the request; new state of the job", body = ObservedJob);
}

/// Checks the precondition of an action, against the current state of the job.
async fn check(
    state: &AppState,
    caller: &Caller,
    company: &CompanyChoice,
    job: &JobRef,
    if_match: &IfMatch,
) -> Result<(), Problem> {
    if matches!(if_match, IfMatch::Any) {
        return Ok(());
    }
    let (jobs, caller, company, job) = (state.jobs.clone(), caller.clone(), company.clone(), job.clone());
    let current = CacheDirective::MaxAge(Duration::ZERO);
    let found = state.run_in_background(async move { jobs.find(&caller, &company, &job, current).await }).await?;
    // Whether IPS fails says nothing about a change of the job.
    let tags = [None, Some(StaleReason::UpstreamFailed)].map(|stale| found.job.etag(stale));
    if_match.check(&tags)
}

/// Performs an action. Responds with 202 and the new state of the job, or with 204 if it is deleted.
async fn perform(
    state: &AppState,
    caller: Arc<Caller>,
    company: CompanyChoice,
    job: JobRef,
    action: Action,
) -> HandlerResult {
    let jobs = state.jobs.clone();
    let performed = async move { jobs.perform(&caller, &company, &job, action).await };
    let found = state.run_mutation(performed, |found| found.as_ref().map(|found| &*found.job.job.id)).await?;
    Ok(match found {
        Some(found) => HttpResponse::Accepted().content_type("application/json").body(found.body()),
        None => HttpResponse::NoContent().finish(),
    })
}
