//! `/jobs`: list, submit, read, act.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::{Authenticated, Operator};
use crate::http::extract::{
    CacheDemand, CommaList, CompanyParams, IdempotencyHeader, JobPath, JsonBody, Query, parsed, within,
};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::cache_headers::{Cacheable, link_to_next, takes_gzip};
use crate::http::response::long_poll;
use crate::ips::types::{SubmitJobParam, Timestamp};
use crate::jobs::{
    Action, CacheDirective, CacheStatus, CompanyChoice, Error, IdempotencyKey, JobListing, JobRef, JobSort, ListBody,
    ListQuery, ObservedJob, PageCursor, Phase, RenderedJob, StaleReason, Status, Submission, SubmitMode,
};
use crate::upstream::BadItem;

type Answer = Result<HttpResponse, Problem>;

/// A list of jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<ObservedJob>,
    /// The cursor of the next page, when there is one.
    #[schema(nullable = false)]
    pub next: Option<String>,
    /// When IPS said the oldest part of it.
    #[schema(nullable = false)]
    pub observed_at: Option<Timestamp>,
    /// `true` when it is older than it should be, because IPS could not be asked.
    #[schema(nullable = false)]
    pub stale: Option<bool>,
    /// Why it is older than it should be.
    #[schema(nullable = false)]
    pub stale_reason: Option<StaleReason>,
    /// What of the answer of IPS could not be read, and is missing from the list.
    #[schema(nullable = false)]
    pub bad_items: Option<Vec<BadItem>>,
}

/// Which jobs, in which order, how many.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobsParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// The phases to list, separated by commas; `active` unless told. `completed` covers the newest 1,000 logs.
    #[serde(default)]
    #[param(value_type = Vec<Phase>, style = Form, explode = false, required = false)]
    phase: CommaList<Phase>,
    /// Only jobs in one of these statuses, separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<Status>, style = Form, explode = false, required = false)]
    status: CommaList<Status>,
    /// Only jobs of one of these kinds in the words of IPS (`type`, in the log `logType` without its `Begin` or `End`, or `jobSubType`), separated by commas, whatever the case.
    #[serde(default)]
    #[param(value_type = Vec<String>, style = Form, explode = false, required = false)]
    r#type: CommaList<String>,
    /// Only jobs submitted under exactly this name.
    #[param(required = false)]
    original_name: Option<String>,
    /// Only jobs submitted by this e-mail address.
    #[param(required = false)]
    submitted_by: Option<String>,
    /// Only jobs with this text in name, description or submitter, whatever the case.
    #[param(required = false)]
    q: Option<String>,
    /// The order: `startDate`, `name`, `type`, `status`, `percent` or `submittedBy`, with `-` before it for the reverse. The order of IPS
    /// unless told, with `limit` the newest first.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, example = "-startDate", required = false)]
    sort: Option<JobSort>,
    /// At most this many jobs; all of them unless told.
    #[serde(default, deserialize_with = "within::<1, 1000, _>")]
    #[param(minimum = 1, maximum = 1000, required = false)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, required = false)]
    cursor: Option<PageCursor>,
}

impl JobsParams {
    fn split(self) -> (CompanyChoice, ListQuery) {
        let choice = CompanyChoice { handle: self.company_handle, name: self.company };
        let query = ListQuery {
            phases: self.phase.0,
            statuses: self.status.0,
            types: self.r#type.0,
            original_name: self.original_name,
            submitted_by: self.submitted_by,
            text: self.q,
            sort: self.sort,
            limit: self.limit.map(|limit| limit as usize),
            cursor: self.cursor,
        };
        (choice, query)
    }
}

/// List jobs
///
/// The active jobs of a company, from a snapshot that everybody shares: poll as often as you like. `phase` adds scheduled and completed
/// jobs. The whole list of active jobs is the cheapest to ask for.
#[utoipa::path(
    get, path = "/jobs", operation_id = "listJobs", tag = components::JOBS,
    params(JobsParams, components::IfNoneMatchHeader, components::CacheRequestHeaders),
    responses((status = 200, description = "The jobs", body = JobList, headers(("Link"), ("Preference-Applied"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn list(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    params: Query<JobsParams>,
    CacheDemand(want): CacheDemand,
) -> Answer {
    let (choice, query) = params.0.split();
    let company = state.company(&caller, choice).await?;
    let watches = async { Ok(state.jobs.watch(&caller, &company, query.phases())) };
    long_poll::answer(&state, &request, watches, || async {
        match state.jobs.list_fresh(&caller, &company, &query, want) {
            Err(Error::NotCached) => {}
            fresh => return Ok(list_answer(&state, &request, &fresh?)),
        }
        let (jobs, caller, company, query) = (state.jobs.clone(), caller.clone(), company.clone(), query.clone());
        let listed = state.run(async move { jobs.list(&caller, &company, &query, want).await }).await?;
        Ok(list_answer(&state, &request, &listed))
    })
    .await
}

fn list_answer(state: &AppState, request: &HttpRequest, listed: &JobListing) -> HttpResponse {
    match listed {
        JobListing::Snapshot(read) => whole_list(state, request, read),
        JobListing::Page(page) => {
            let mut response = Cacheable::of_page(page, state.settings.fresh).respond(request, || page.body.clone());
            if let Some(next) = &page.next {
                response.headers_mut().insert(header::LINK, link_to_next(request, "cursor", next));
            }
            response
        }
    }
}

/// The bytes are there already, compressed too: nothing is made for this request unless it has to be marked as stale.
fn whole_list(state: &AppState, request: &HttpRequest, read: &crate::jobs::Lookup) -> HttpResponse {
    let answer = Cacheable::of_read(read, state.settings.fresh);
    let snapshot = &read.snapshot;
    if read.cache_status == CacheStatus::Stale(StaleReason::UpstreamFailed) {
        let body = ListBody {
            member: "jobs",
            jobs: &snapshot.jobs,
            bad_items: &snapshot.bad_items,
            observed_at: Some(snapshot.observed_at),
            stale: Some(StaleReason::UpstreamFailed),
            next: None,
        };
        return answer.respond(request, || body.write());
    }
    if !takes_gzip(request) {
        return answer.respond(request, || snapshot.body.clone());
    }
    let mut response = answer.respond(request, || snapshot.gzip());
    if response.status() == actix_web::http::StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// How to submit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitParams {
    /// The company, by its handle; it may stand in the body instead.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// `false` sends `jobName` as it is. Otherwise a short suffix makes it unique, so that the job can be found in every phase of its life.
    /// The name of a recurring schedule (`execSchedule`) is always sent as it is.
    #[param(default = true, required = false)]
    unique_name: Option<bool>,
    /// `true` only checks the request; nothing is sent to IPS.
    #[param(default = false, required = false)]
    validate_only: Option<bool>,
}

/// The answer to a submit that was only to be checked.
#[derive(Serialize, ToSchema)]
pub struct Validated {
    /// Always `true`: anything wrong is a problem document.
    valid: bool,
}

/// Submit a job
///
/// Starts a job now, at `execTime`, or on a schedule (`execSchedule`). Give the details of exactly one kind of job. The answer holds the
/// `id` under which the job can be read from now on, while it waits, runs, and long after.
#[utoipa::path(
    post, path = "/jobs", operation_id = "submitJob", tag = components::JOBS,
    params(SubmitParams, components::IdempotencyKeyHeader),
    request_body(content = SubmitJobParam, description = "`submitJobParam` of IPS", examples(
        ("publish" = (summary = "Publish to image serving, now", value = json!({
            "jobName": "nightly-publish", "description": "Everything that was marked for publish",
            "imageServingPublishJob": { "publishType": "Full", "emailSetting": "None" }
        }))),
        ("upload" = (summary = "Upload from URLs", value = json!({
            "jobName": "spring-catalogue",
            "uploadUrlsJob": {
                "urlArray": [{ "sourceUrl": "https://assets.example.com/spring/jacket.tif", "destPath": "spring/jacket.tif" }],
                "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "None"
            }
        }))),
        ("schedule" = (summary = "Optimize images every night", value = json!({
            "jobName": "nightly-optimize", "execSchedule": "0 30 2 * * ?", "optimizeImagesJob": { "emailSetting": "Error" }
        }))),
        ("export" = (summary = "Export assets", value = json!({
            "jobName": "press-kit",
            "exportJob": { "assetHandleArray": ["a|11004", "a|11005"], "fmt": "tif", "emailSetting": "None" }
        }))),
    )),
    responses(
        (status = 202, description = "IPS accepted the job", body = ObservedJob, headers(("Location"), ("Retry-After"))),
        (status = 200, description = "`validateOnly`: nothing is wrong with it, and nothing was sent", body = Validated),
        components::ProblemResponses,
    ),
)]
pub async fn submit(
    state: Data<AppState>,
    Operator(caller): Operator,
    params: Query<SubmitParams>,
    IdempotencyHeader(key): IdempotencyHeader,
    JsonBody { value: request, fingerprint }: JsonBody<SubmitJobParam>,
) -> Answer {
    let SubmitParams { company_handle, company, unique_name, validate_only } = params.0;
    let mode = if unique_name == Some(false) { SubmitMode::NameAsGiven } else { SubmitMode::UniqueName };
    let company = CompanyChoice { handle: company_handle, name: company };
    let idempotency_key = key.map(|key| IdempotencyKey { key, fingerprint });
    let submission = Submission { request, company, mode, idempotency_key };
    if validate_only == Some(true) {
        state.jobs.validate(&submission).map_err(Problem::from)?;
        return Ok(HttpResponse::Ok().json(Validated { valid: true }));
    }
    let jobs = state.jobs.clone();
    let job = state.run(async move { jobs.submit(&caller, submission).await }).await?;
    let location = state.path(&format!("/jobs/{}", job.id));
    let rendered = RenderedJob::new(job, state.clock.now());
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .insert_header((header::RETRY_AFTER, state.settings.fresh.as_secs().max(1)))
        .content_type("application/json")
        .body(rendered.json))
}

/// Read a job
///
/// The job in whatever phase it is: scheduled, active or completed. Between leaving the active list and appearing in the log it is
/// `finalizing`.
#[utoipa::path(
    get, path = "/jobs/{job}", operation_id = "getJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams, components::IfNoneMatchHeader, components::CacheRequestHeaders),
    responses((status = 200, description = "The job", body = ObservedJob, headers(("Retry-After"), ("Preference-Applied"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
    CacheDemand(want): CacheDemand,
) -> Answer {
    let choice: CompanyChoice = params.0.into();
    let find = |want| {
        let (jobs, caller, choice, job) = (state.jobs.clone(), caller.clone(), choice.clone(), job.clone());
        state.run(async move { jobs.find(&caller, &choice, &job, want).await })
    };
    let watches = async {
        let found = find(CacheDirective::Any).await?;
        let company = found.job.job.company();
        Ok(state.jobs.watch(&caller, company, found.next_phases()))
    };
    long_poll::answer(&state, &request, watches, || async {
        let found = find(want).await?;
        Ok(Cacheable::of_job(&found, state.settings.fresh).respond(&request, || found.job.json.clone()))
    })
    .await
}

/// Delete a job
///
/// Removes an active or scheduled job (`deleteJob`). A job that is in the log already can't be deleted.
#[utoipa::path(
    delete, path = "/jobs/{job}", operation_id = "deleteJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams),
    responses((status = 204, description = "The job is deleted"), components::ProblemResponses),
)]
pub async fn delete(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
) -> Answer {
    act(&state, caller, job, params.0, Action::Delete).await
}

/// Stop a job
///
/// Asks an active job to stop (`stopJob`). The answer is the job as it is then: `stopping`, or gone already.
#[utoipa::path(
    post, path = "/jobs/{job}/stop", operation_id = "stopJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams),
    responses((status = 202, description = "IPS took the request; the job as it is now", body = ObservedJob), components::ProblemResponses),
)]
pub async fn stop(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
) -> Answer {
    act(&state, caller, job, params.0, Action::Stop).await
}

/// Pause a job
///
/// Holds the schedule of a scheduled job (`pauseJob`).
#[utoipa::path(
    post, path = "/jobs/{job}/pause", operation_id = "pauseJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams),
    responses((status = 202, description = "IPS took the request; the job as it is now", body = ObservedJob), components::ProblemResponses),
)]
pub async fn pause(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
) -> Answer {
    act(&state, caller, job, params.0, Action::Pause).await
}

/// Resume a job
///
/// Lets the schedule of a paused job go on (`resumeJob`).
#[utoipa::path(
    post, path = "/jobs/{job}/resume", operation_id = "resumeJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams),
    responses((status = 202, description = "IPS took the request; the job as it is now", body = ObservedJob), components::ProblemResponses),
)]
pub async fn resume(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
) -> Answer {
    act(&state, caller, job, params.0, Action::Resume).await
}

/// Run a scheduled job now
///
/// Starts a scheduled job without waiting for its time (`executeJob`). A recurring schedule stays, and this run is a job of its own.
#[utoipa::path(
    post, path = "/jobs/{job}/execute", operation_id = "executeJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams),
    responses((status = 202, description = "IPS took the request; the job as it is now", body = ObservedJob), components::ProblemResponses),
)]
pub async fn execute(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    params: Query<CompanyParams>,
) -> Answer {
    act(&state, caller, job, params.0, Action::Execute).await
}

async fn act(
    state: &AppState,
    caller: crate::upstream::Caller,
    job: JobRef,
    params: CompanyParams,
    action: Action,
) -> Answer {
    let jobs = state.jobs.clone();
    let after = state.run(async move { jobs.perform(&caller, &params.into(), &job, action).await }).await?;
    Ok(match after {
        Some(found) => HttpResponse::Accepted().content_type("application/json").body(Bytes::clone(&found.job.json)),
        None => HttpResponse::NoContent().finish(),
    })
}
