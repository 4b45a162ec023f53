//! Logs: of a job, of a company, of an asset.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CommaList, JobPath, Query, TextPath, date_time, parsed, within};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::cache_headers::{Cacheable, link_to_next};
use crate::ips::types::{AssetJobLog, Timestamp};
use crate::jobs::{
    CompanyChoice, Error, JobLogsQuery, JobLogsSort, ListBody, LogLevel, LogPage, LogQuery, LogSort, LogSource,
    MAX_PER_PAGE, ObservedJob, RenderedJob,
};
use crate::upstream::BadItem;

type Answer = Result<HttpResponse, Problem>;

/// Which entries of a log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogParams {
    /// The company of the job, by its handle; an id carries it already.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company of the job, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// The page, from 1.
    #[serde(default, deserialize_with = "within::<1, { i32::MAX as u32 }, _>")]
    #[param(minimum = 1, default = 1, required = false)]
    page: Option<u32>,
    /// Entries a page.
    #[serde(default, deserialize_with = "within::<1, MAX_PER_PAGE, _>")]
    #[param(minimum = 1, maximum = 1000, default = 100, required = false)]
    per_page: Option<u32>,
    /// Only entries with one of these values of `logType`, separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<String>, style = Form, explode = false, required = false)]
    log_type: CommaList<String>,
    /// Only entries of this level.
    #[param(required = false)]
    level: Option<LogLevel>,
    /// The order: `date` or `logType`, with `-` before it for the reverse.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, example = "-date", required = false)]
    sort: Option<LogSort>,
    /// `true` reads the archived log (`getArchivedJobLogDetails`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
}

impl LogParams {
    fn split(self) -> (CompanyChoice, LogQuery) {
        let query = LogQuery {
            page: self.page.unwrap_or(1),
            per_page: self.per_page.unwrap_or(100),
            log_types: self.log_type.0,
            level: self.level,
            sort: self.sort,
            source: log_source(self.archived),
        };
        (CompanyChoice { handle: self.company_handle, name: self.company }, query)
    }
}

fn log_source(archived: Option<bool>) -> LogSource {
    if archived == Some(true) { LogSource::Archive } else { LogSource::Current }
}

/// Read a job's log
///
/// What happened to the job, entry by entry (`getJobLogDetails`): no entries until it is finished.
#[utoipa::path(
    get, path = "/jobs/{job}/log", operation_id = "getJobLog", tag = components::LOGS,
    params(components::JobParam, LogParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The entries", body = LogPage, headers(("Link"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn of_job(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    JobPath(job): JobPath,
    params: Query<LogParams>,
) -> Answer {
    let (choice, query) = params.0.split();
    let jobs = state.jobs.clone();
    let page = state.run(async move { jobs.logs().job_log(&caller, &choice, &job, &query).await }).await?;
    let mut response = json_answer(&request, &page)?;
    if page.has_next() {
        response.headers_mut().insert(header::LINK, link_to_next(&request, "page", &(page.page + 1).to_string()));
    }
    Ok(response)
}

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobLogsParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// Only jobs that started then or later.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    from: Option<Timestamp>,
    /// Only jobs that started then or earlier.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    to: Option<Timestamp>,
    /// Only jobs submitted by this e-mail address, among the newest 1,000 of the time asked for.
    #[param(required = false)]
    submitted_by: Option<String>,
    /// The order: `startDate`, `jobName`, `logType`, `companyName`, `userId`, `email`, `fileErrorCount`, `fileWarningCount` or
    /// `fileSuccessCount`, with `-` before it for the reverse.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, default = "-startDate", required = false)]
    sort: Option<JobLogsSort>,
    /// At most this many.
    #[serde(default, deserialize_with = "within::<1, MAX_PER_PAGE, _>")]
    #[param(minimum = 1, maximum = 1000, default = 100, required = false)]
    limit: Option<u32>,
}

/// Completed jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogs {
    /// The jobs, each with the fields of its `JobLog`.
    pub logs: Vec<ObservedJob>,
    /// What of the answer of IPS could not be read, and is missing from the list.
    #[schema(nullable = false)]
    pub bad_items: Option<Vec<BadItem>>,
}

/// Read the history
///
/// The completed jobs of a company (`getJobLogs`), the newest first unless told.
#[utoipa::path(
    get, path = "/job-logs", operation_id = "listJobLogs", tag = components::LOGS,
    params(JobLogsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The logs", body = JobLogs), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn history(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    params: Query<JobLogsParams>,
) -> Answer {
    let JobLogsParams { company_handle, company, from, to, submitted_by, sort, limit } = params.0;
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(Error::invalid_parameter("to", "is before `from`").into());
    }
    let query = JobLogsQuery {
        from: from.map(|at| at.0),
        to: to.map(|at| at.0),
        submitted_by,
        sort: sort.unwrap_or_default(),
        limit: limit.unwrap_or(100) as usize,
    };
    let choice = CompanyChoice { handle: company_handle, name: company };
    let jobs = state.jobs.clone();
    let (logs, bad_items) = state
        .run(async move {
            let company = jobs.companies().resolve(&caller, &choice).await?;
            jobs.logs().job_logs(&caller, &company, &query).await
        })
        .await?;
    let now = state.clock.now();
    let rendered: Vec<_> = logs.into_iter().map(|job| RenderedJob::new(job, now).into()).collect();
    let etag = crate::jobs::etag_of(&rendered, &bad_items, &[]);
    let body =
        ListBody { member: "logs", jobs: &rendered, bad_items: &bad_items, observed_at: None, stale: None, next: None }
            .write();
    Ok(Cacheable { etag, ..Cacheable::of_body(&body) }.respond(&request, || body))
}

/// Which logs of an asset.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetLogsParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// `true` reads the archived logs (`getAssetArchivedJobLogs`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
}

/// What happened to an asset.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetJobLogs {
    /// One entry for each thing that happened.
    pub logs: Vec<AssetJobLog>,
    /// What of the answer of IPS could not be read, and is missing from the list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub bad_items: Vec<BadItem>,
}

/// Read an asset's log
///
/// What jobs did to an asset (`getAssetJobLogs`, `getAssetArchivedJobLogs`).
#[utoipa::path(
    get, path = "/assets/{assetHandle}/job-logs", operation_id = "listAssetJobLogs", tag = components::LOGS,
    params(("assetHandle" = String, Path, description = "The handle of the asset, percent-encoded", example = "a|11004"), AssetLogsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The logs", body = AssetJobLogs), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn of_asset(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    asset: TextPath,
    params: Query<AssetLogsParams>,
) -> Answer {
    let AssetLogsParams { company_handle, company, archived } = params.0;
    let choice = CompanyChoice { handle: company_handle, name: company };
    let jobs = state.jobs.clone();
    let (logs, bad_items) = state
        .run(async move {
            let company = jobs.companies().resolve(&caller, &choice).await?;
            jobs.logs().asset_logs(&caller, &company, &asset.0, log_source(archived)).await
        })
        .await?;
    json_answer(&request, &AssetJobLogs { logs, bad_items })
}

/// An answer that is made for this request, with an entity tag.
pub fn json_answer(request: &HttpRequest, body: &impl Serialize) -> Answer {
    let body =
        serde_json::to_vec(body).map(Bytes::from).map_err(|_| Problem::internal("an answer could not be written"))?;
    Ok(Cacheable::of_body(&body).respond(request, || body))
}
