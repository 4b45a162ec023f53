//! `POST /jobs`: submits.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Operator;
use crate::http::extract::{CompanyParams, CompanyQuery, IdempotencyHeader, IfMatch, JsonBody};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;
use crate::http::response::HandlerResult;
use crate::ips::types::SubmitJobParam;
use crate::jobs::{IdempotencyKey, Job, ObservedJob, RenderedJob, Submission, SubmitMode};

/// Options of a submit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitParams {
    /// `true` adds a short suffix to `jobName` that makes it unique, so that the job can be found in every phase; `false` sends `jobName`
    /// unchanged. The name of a recurring schedule (`execSchedule`) is always sent unchanged.
    #[param(default = true, required = false)]
    unique_name: Option<bool>,
    /// `true` validates the request without sending it to IPS.
    #[param(default = false, required = false)]
    validate_only: Option<bool>,
}

/// Response to a valid request with `validateOnly`.
#[derive(Serialize, ToSchema)]
pub struct Validated {
    /// Always `true`: the response to an invalid request is a problem document.
    valid: bool,
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
        (status = 202, description = "IPS accepted the job", body = ObservedJob, headers(("Location"), ("Retry-After"))),
        (status = 200, description = "With `validateOnly`: the request is valid, and nothing was sent to IPS", body = Validated),
        components::ProblemResponses,
    ),
)]
pub async fn submit(
    state: Data<AppState>,
    Operator(caller): Operator,
    CompanyQuery { company, params }: CompanyQuery<SubmitParams>,
    IdempotencyHeader(key): IdempotencyHeader,
    if_match: IfMatch,
    JsonBody { value: request, fingerprint }: JsonBody<SubmitJobParam>,
) -> HandlerResult {
    if_match.check_untagged()?;
    let mode = if params.unique_name == Some(false) { SubmitMode::NameAsGiven } else { SubmitMode::UniqueName };
    let idempotency_key = key.map(|key| IdempotencyKey { key, fingerprint });
    let submission = Submission { request, company, mode, idempotency_key };
    if params.validate_only == Some(true) {
        state.jobs.validate(&submission).map_err(Problem::from)?;
        return Ok(HttpResponse::Ok().json(Validated { valid: true }));
    }
    let jobs = state.jobs.clone();
    let job = state.run_mutation(async move { jobs.submit(&caller, submission).await }).await?;
    Ok(accepted(&state, job))
}

/// Responds with 202, the submitted job and its URL.
fn accepted(state: &AppState, job: Job) -> HttpResponse {
    let location = RequestContext::current().relative_reference(&format!("jobs/{}", job.id));
    let rendered = RenderedJob::new(job, state.clock.now());
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .insert_header((header::RETRY_AFTER, state.settings.freshness_lifetime.as_secs().max(1)))
        .content_type("application/json")
        .body(rendered.json)
}
