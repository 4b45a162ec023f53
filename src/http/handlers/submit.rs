//! `POST /jobs` and `POST /jobs/validate`: submits and their validation.

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Data;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Operator;
use crate::http::extract::{CompanyParams, CompanyQuery, IdempotencyHeader, IfMatch, RepairedBody};
use crate::http::openapi::components;
use crate::http::request_context::RequestContext;
use crate::http::response::HandlerResult;
use crate::ips::types::SubmitJobParam;
use crate::jobs::{NextRun, ObservedJob, Preflight, RenderedJob, Submission, SubmitMode, SubmitReceipt, Warning};

/// Response header: whether all replicas know the idempotency key of the submit.
const IDEMPOTENCY_STATUS: HeaderName = HeaderName::from_static("idempotency-status");

/// Options of a submit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitParams {
    /// `true` adds a short suffix to `jobName` that makes it unique, so that the job can be found in every phase; `false` sends `jobName`
    /// unchanged. The name of a recurring schedule (`execSchedule`) is always sent unchanged.
    #[param(default = true, required = false)]
    unique_name: Option<bool>,
}

impl SubmitParams {
    fn mode(&self) -> SubmitMode {
        if self.unique_name == Some(false) { SubmitMode::NameAsGiven } else { SubmitMode::UniqueName }
    }
}

/// Response to a valid submit that was not sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// Always `true`: the response to an invalid request is a problem document.
    valid: bool,
    /// What IPS may refuse, or may not be intended; empty if there is nothing to say.
    warnings: Vec<Warning>,
    /// The next ten runs of an `execSchedule`; absent without one, or if the expression has no meaning that the gateway knows. If the time zone is
    /// unknown, the first of them may be past.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    next_runs: Vec<NextRun>,
    /// Time zone of an `execSchedule`: the `timeZone` of the scheduled jobs of the company; absent if it is unknown, because the company has none,
    /// or the caller may not read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "PST")]
    time_zone: Option<String>,
    /// The request that a submit would send, with secrets redacted. The suffix of a unique name differs at each request. `companyHandle` is absent
    /// if the body and the query name no company handle and it is not cached.
    #[schema(value_type = SubmitJobParam)]
    request: Value,
}

/// Submit a job
///
/// Starts a job immediately, at `execTime`, or on a schedule (`execSchedule`). The body has the details of exactly one job type. The
/// response has the `id` that identifies the job while it waits, while it runs, and after it has completed.
#[utoipa::path(
    post, path = "/jobs", operation_id = "submitJob", tag = components::JOBS,
    params(CompanyParams, SubmitParams, components::IdempotencyKeyHeader),
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
            "exportJob": { "assetHandleArray": ["a|11004", "a|11005"], "fmt": "orig", "emailSetting": "None" }
        }))),
    )),
    responses(
        (status = 202, description = "IPS accepted the job", body = ObservedJob, headers(("Location"), ("Retry-After"), ("Idempotency-Status")), example = json!({
            "observedAt": "2026-03-02T12:00:00.120Z", "id": "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s", "kind": "imageServingPublish",
            "phase": "active", "status": "waiting", "actions": ["stop", "delete"], "title": "hello", "submittedBy": "katlyn@example.com",
            "companyHandle": "c|110", "jobHandle": "j|110|hello-1m85bev1nhc7fwk||", "jobName": "hello-1m85bev1nhc7fwk",
            "originalName": "hello-1m85bev1nhc7fwk", "submitUserEmail": "katlyn@example.com"
        })),
        components::ProblemResponses,
    ),
)]
pub async fn submit(
    state: Data<AppState>,
    Operator(caller): Operator,
    CompanyQuery { company, params }: CompanyQuery<SubmitParams>,
    IdempotencyHeader(idempotency_key): IdempotencyHeader,
    if_match: IfMatch,
    RepairedBody { value: request, errors: body_errors }: RepairedBody<SubmitJobParam>,
) -> HandlerResult {
    if_match.check_untagged()?;
    let submission = Submission { request, company, mode: params.mode(), idempotency_key, body_errors };
    let jobs = state.jobs.clone();
    let receipt = state
        .run_mutation(async move { jobs.submit(&caller, submission).await }, |receipt| Some(&receipt.job.id))
        .await?;
    let mut head = accepted(&state, &receipt);
    Ok(head.content_type("application/json").body(RenderedJob::new(receipt.job, state.clock.now()).json))
}

/// Validate a submit
///
/// Checks the body of a submit as `POST /jobs` does, with the same parameters, and does not send it. All errors are reported at once. Values that
/// IPS may refuse are warnings. Of an `execSchedule` the response has the next runs; for that the gateway reads the scheduled jobs of the company,
/// unless they are cached.
#[utoipa::path(
    post, path = "/jobs/validate", operation_id = "validateJob", tag = components::JOBS,
    params(CompanyParams, SubmitParams),
    request_body(content = SubmitJobParam, description = "`submitJobParam` of IPS", example = json!({
        "jobName": "nightly-optimize", "execSchedule": "0 30 2 * * ?", "optimizeImagesJob": { "emailSetting": "Error" }
    })),
    responses(
        (status = 200, description = "The request is valid. It was not sent to IPS", body = Validation, example = json!({
            "valid": true, "warnings": [],
            "nextRuns": [
                { "local": "2026-03-03T02:30:00-08:00", "utc": "2026-03-03T10:30:00Z" },
                { "local": "2026-03-04T02:30:00-08:00", "utc": "2026-03-04T10:30:00Z" }
            ],
            "timeZone": "PST",
            "request": {
                "companyHandle": "c|110", "jobName": "nightly-optimize", "execSchedule": "0 30 2 * * ?",
                "optimizeImagesJob": { "emailSetting": "Error" }
            }
        })),
        components::ProblemResponses,
    ),
)]
pub async fn validate(
    state: Data<AppState>,
    Operator(caller): Operator,
    CompanyQuery { company, params }: CompanyQuery<SubmitParams>,
    RepairedBody { value: request, errors: body_errors }: RepairedBody<SubmitJobParam>,
) -> HandlerResult {
    let submission = Submission { request, company, mode: params.mode(), idempotency_key: None, body_errors };
    let jobs = state.jobs.clone();
    let Preflight { warnings, next_runs, time_zone, request } =
        state.run_in_background(async move { jobs.preflight(&caller, &submission).await }).await?;
    Ok(HttpResponse::Ok().json(Validation { valid: true, warnings, next_runs, time_zone, request }))
}

/// Returns the head of a 202 with the URL of the submitted job.
pub(super) fn accepted(state: &AppState, SubmitReceipt { job, key_status }: &SubmitReceipt) -> HttpResponseBuilder {
    let location = RequestContext::current().relative_reference(&format!("jobs/{}", job.id));
    let mut response = HttpResponse::Accepted();
    if let Some(status) = key_status {
        response.insert_header((IDEMPOTENCY_STATUS, status.name()));
    }
    response
        .insert_header((header::LOCATION, location))
        .insert_header((header::RETRY_AFTER, state.settings.freshness_lifetime.as_secs().max(1)));
    response
}
