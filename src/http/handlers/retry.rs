//! `/jobs/{job}/retry`: a new job for the failed items of a completed one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::submit::accepted;
use crate::http::AppState;
use crate::http::auth::Operator;
use crate::http::extract::{
    CompanyParams, CompanyQuery, IdempotencyHeader, IfMatch, JobPath, JsonBody, RepairedBody, from_value,
};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::HandlerResult;
use crate::ips::types::SubmitJobParam;
use crate::jobs::{CompanyChoice, ObservedJob, RetryPlan, Submission, SubmitMode, UnmappedItem};

/// Options of a retry.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryParams {
    /// `true` shows the submit that a retry would send, and sends nothing.
    #[param(default = false, required = false)]
    dry_run: Option<bool>,
    /// `true` adds a short suffix to `jobName` that makes it unique; `false` sends it unchanged.
    #[param(default = true, required = false)]
    unique_name: Option<bool>,
}

/// Retry of a job.
#[derive(Serialize, ToSchema)]
pub struct Retry {
    /// The new job; absent with `dryRun`.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<ObservedJob>,
    /// The submit that would be sent, with secrets redacted and without the suffix of its name; only with `dryRun`.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<SubmitJobParam>,
    /// Source URLs or asset handles of the items that are retried.
    #[schema(example = json!(["https://assets.example.com/spring/jacket.tif"]))]
    items: Vec<String>,
    /// Failed items that can't be retried.
    unmapped: Vec<UnmappedItem>,
    /// `true` if the log has more than 10,000 entries: items in later ones are not retried.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

/// Retry the failed items of a job
///
/// Submits a job of the same kind for the items of a completed job that failed or that it did not handle because it was stopped. It is possible for
/// `uploadUrls`, `export`, `reprocessAssets` and `ripPdfs`. IPS keeps neither the options of a job nor the URLs of an upload: the body is that of
/// the original submit, and only its items are replaced. `jobName` and the asset handles may be missing; `companyHandle` is that of the job;
/// `execSchedule` is refused. `unmapped` has the failed items that could not be found in the body or that have no asset handle in the log.
/// A job that is not completed is 409 `job-not-completed`; of another kind, or without failed items, it is 422 `retry-not-possible`.
#[utoipa::path(
    post, path = "/jobs/{job}/retry", operation_id = "retryJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams, RetryParams, components::IdempotencyKeyHeader),
    request_body(content = SubmitJobParam, description = "`submitJobParam` of the original submit", examples(
        ("upload" = (summary = "The failed URLs of an upload", value = json!({
            "jobName": "spring-catalogue",
            "uploadUrlsJob": {
                "urlArray": [
                    { "sourceUrl": "https://assets.example.com/spring/jacket.tif", "destPath": "spring/jacket.tif" },
                    { "sourceUrl": "https://assets.example.com/spring/boot.tif", "destPath": "spring/boot.tif" }
                ],
                "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "None"
            }
        }))),
        ("export" = (summary = "The failed assets of an export", value = json!({
            "jobName": "press-kit",
            "exportJob": { "assetHandleArray": ["a|11004", "a|11005"], "fmt": "orig", "emailSetting": "None" }
        }))),
    )),
    responses(
        (status = 200, description = "IPS accepted the new `job`. With `dryRun` there is `request`, the submit that would be sent, in its place, and nothing was sent", body = Retry, headers(("Location"), ("Retry-After"), ("Idempotency-Status")), example = json!({
            "job": {
                "observedAt": "2026-03-02T12:00:00.120Z", "id": "MW9jfDExMB9wcmVzcy1raXQtMW04NWJldjFuaGM3ZnB3aw", "kind": "export",
                "phase": "active", "status": "waiting", "actions": ["stop", "delete"], "title": "press-kit", "submittedBy": "katlyn@example.com",
                "companyHandle": "c|110", "jobHandle": "j|110|press-kit-1m85bev1nhc7fpwk||", "jobName": "press-kit-1m85bev1nhc7fpwk",
                "originalName": "press-kit-1m85bev1nhc7fpwk", "submitUserEmail": "katlyn@example.com"
            },
            "items": ["a|11000"],
            "unmapped": [{ "assetName": "rain_jacket_red", "detail": "the log has no handle of this asset" }]
        })),
        components::ProblemResponses,
    ),
)]
pub async fn retry(
    state: Data<AppState>,
    Operator(caller): Operator,
    JobPath(job): JobPath,
    CompanyQuery { company, params }: CompanyQuery<RetryParams>,
    IdempotencyHeader(idempotency_key): IdempotencyHeader,
    if_match: IfMatch,
    JsonBody { value: body }: JsonBody<Map<String, Value>>,
) -> HandlerResult {
    if_match.check_untagged()?;
    let (jobs, owner) = (state.jobs.clone(), caller.clone());
    let plan = async move { jobs.results().plan_retry(&owner, &company, &job, body).await };
    let RetryPlan { request, items, unmapped, is_truncated: truncated } = state.run_in_background(plan).await?;
    let RepairedBody { value: request, errors: body_errors } = from_value::<SubmitJobParam>(request)?;
    let mode = if params.unique_name == Some(false) { SubmitMode::NameAsGiven } else { SubmitMode::UniqueName };
    let company = CompanyChoice::default();
    let submission = Submission { request: request.clone(), company, mode, idempotency_key, body_errors };
    if params.dry_run == Some(true) {
        state.jobs.check(&submission).map_err(Problem::from)?;
        return Ok(HttpResponse::Ok().json(Retry { job: None, request: Some(request), items, unmapped, truncated }));
    }
    let jobs = state.jobs.clone();
    let receipt = state
        .run_mutation(async move { jobs.submit(&caller, submission).await }, |receipt| Some(&receipt.job.id))
        .await?;
    let mut head = accepted(&state, &receipt);
    // One success status, so that generated clients have one type for both answers.
    head.status(StatusCode::OK);
    let job = ObservedJob::new(receipt.job, state.clock.now());
    Ok(head.json(Retry { job: Some(job), request: None, items, unmapped, truncated }))
}
