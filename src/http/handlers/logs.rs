//! `/jobs/{job}/log`, `/job-logs` and `/assets/{assetHandle}/job-logs`: logs of a job, a company, an asset.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{
    CommaList, CompanyParams, CompanyQuery, JobPath, TextPath, date_time, email, parsed, within,
};
use crate::http::openapi::components;
use crate::http::response::cache_headers::CacheHeaders;
use crate::http::response::pagination::add_next_link;
use crate::http::response::{HandlerResult, json_response};
use crate::ips::types::{AssetJobLog, Timestamp};
use crate::jobs::{
    Error, HistoryCursor, HistoryFilter, HistoryPage, JobKind, JobLogsQuery, JobLogsSort, ListBody, LogLevel, LogPage,
    LogQuery, LogSort, LogSource, MAX_PER_PAGE, ObservedJob, Outcome, RenderedJob, SearchText, etag_of,
};
use crate::upstream::BadItem;

/// Default of `perPage` and `limit`.
const DEFAULT_PER_PAGE: u32 = 100;

/// Filters, order and page of a job's log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogParams {
    /// Page number, from 1.
    #[serde(default, deserialize_with = "within::<1, { i32::MAX as u32 }, _>")]
    #[param(minimum = 1, default = 1, required = false)]
    page: Option<u32>,
    /// Entries per page.
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
    /// Sort field: `date` or `logType`, with a `-` prefix for the reverse order.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, example = "-date", required = false)]
    sort: Option<LogSort>,
    /// `true` reads the archived log (`getArchivedJobLogDetails`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
}

impl From<LogParams> for LogQuery {
    fn from(params: LogParams) -> Self {
        Self {
            page: params.page.unwrap_or(1),
            per_page: params.per_page.unwrap_or(DEFAULT_PER_PAGE),
            log_types: params.log_type.0,
            level: params.level,
            sort: params.sort,
            source: log_source(params.archived),
        }
    }
}

fn log_source(archived: Option<bool>) -> LogSource {
    if archived == Some(true) { LogSource::Archive } else { LogSource::Current }
}

/// Read a job's log
///
/// The log entries of the job (`getJobLogDetails`): of an active job those that IPS has written so far, with `complete: false`.
#[utoipa::path(
    get, path = "/jobs/{job}/log", operation_id = "getJobLog", tag = components::LOGS,
    params(components::JobParam, CompanyParams, LogParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The entries", body = LogPage, headers(("Link"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn of_job(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    JobPath(job): JobPath,
    CompanyQuery { company, params }: CompanyQuery<LogParams>,
) -> HandlerResult {
    let (jobs, query) = (state.jobs.clone(), LogQuery::from(params));
    let page =
        state.run_in_background(async move { jobs.logs().job_log(&caller, &company, &job, &query).await }).await?;
    let mut response = json_response(&request, &page)?;
    if page.has_next() {
        add_next_link(&mut response, &request, "page", &(page.page + 1).to_string());
    }
    Ok(response)
}

/// Filters, order and size of a list of completed jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobLogsParams {
    /// Only jobs that started at this time or later.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    from: Option<Timestamp>,
    /// Only jobs that started at this time or earlier.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    to: Option<Timestamp>,
    /// Only jobs that the user with this IPS handle submitted.
    #[param(required = false, example = "u|28")]
    user_handle: Option<String>,
    /// Only jobs that were submitted by this e-mail address.
    #[serde(default, deserialize_with = "email")]
    #[param(value_type = String, required = false)]
    submitted_by: Option<String>,
    /// Only jobs of one of these kinds, separated by commas, ignoring case.
    #[serde(default)]
    #[param(value_type = Vec<JobKind>, style = Form, explode = false, required = false)]
    kind: CommaList<String>,
    /// Only jobs with one of these outcomes, separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<Outcome>, style = Form, explode = false, required = false)]
    outcome: CommaList<Outcome>,
    /// Only jobs with this text in their name, description or submitter, ignoring case and the composition of letters.
    #[param(required = false)]
    q: Option<String>,
    /// Sort field: `startDate`, `jobName`, `logType`, `companyName`, `userId`, `email`, `fileErrorCount`, `fileWarningCount` or
    /// `fileSuccessCount`, with a `-` prefix for the reverse order.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, default = "-startDate", required = false)]
    sort: Option<JobLogsSort>,
    /// Maximum number of jobs.
    #[serde(default, deserialize_with = "within::<1, MAX_PER_PAGE, _>")]
    #[param(minimum = 1, maximum = 1000, default = 100, required = false)]
    limit: Option<u32>,
    /// `next` of the previous page.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, required = false)]
    cursor: Option<HistoryCursor>,
}

impl TryFrom<JobLogsParams> for JobLogsQuery {
    type Error = Error;

    fn try_from(params: JobLogsParams) -> Result<Self, Error> {
        if let (Some(from), Some(to)) = (params.from, params.to)
            && to < from
        {
            return Err(Error::invalid_parameter("to", "is before `from`"));
        }
        let filter = HistoryFilter {
            from: params.from,
            to: params.to,
            user_handle: params.user_handle,
            submitted_by: params.submitted_by,
            kinds: params.kind.0,
            outcomes: params.outcome.0,
            text: params.q.as_deref().map(SearchText::new),
        };
        Ok(Self {
            filter,
            sort: params.sort.unwrap_or_default(),
            limit: params.limit.unwrap_or(DEFAULT_PER_PAGE) as usize,
            cursor: params.cursor,
        })
    }
}

/// List of completed jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogs {
    /// The jobs, each with the fields of its `JobLog`.
    pub logs: Vec<ObservedJob>,
    /// Cursor of the next page; absent on the last page.
    #[schema(nullable = false)]
    pub next: Option<String>,
    /// `true` if IPS may have further jobs that no page has: the list is not sorted by `startDate`, so that it can't go on, or more than 1,000
    /// jobs started in one second.
    #[schema(nullable = false)]
    pub truncated: Option<bool>,
    /// Items of the IPS response that could not be parsed and are missing from the list.
    #[schema(nullable = false)]
    pub bad_items: Option<Vec<BadItem>>,
}

/// Read the history
///
/// The completed jobs of a company (`getJobLogs`), by default the newest first. Sorted by `startDate`, it goes on with `cursor` over any span of
/// time, as far as IPS has jobs. A page takes at most 8 calls to IPS: with filters it can have fewer jobs than `limit`, or none, and `next`.
#[utoipa::path(
    get, path = "/job-logs", operation_id = "listJobLogs", tag = components::LOGS,
    params(CompanyParams, JobLogsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The logs", body = JobLogs, headers(("Link"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn history(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    CompanyQuery { company, params }: CompanyQuery<JobLogsParams>,
) -> HandlerResult {
    let query = JobLogsQuery::try_from(params)?;
    let jobs = state.jobs.clone();
    let HistoryPage { jobs: logs, bad_items, next, is_truncated } = state
        .run_in_background(async move {
            let company = jobs.companies().resolve(&caller, &company).await?;
            jobs.history().page(&caller, &company, &query).await
        })
        .await?;
    let now = state.clock.now();
    let rendered: Vec<_> = logs.into_iter().map(|job| RenderedJob::new(job, now).into()).collect();
    let rest = [next.as_deref().unwrap_or_default(), if is_truncated { "truncated" } else { "" }];
    let etag = etag_of(&rendered, &bad_items, &rest);
    let list = ListBody {
        member: "logs",
        jobs: &rendered,
        bad_items: &bad_items,
        observed_at: None,
        stale: None,
        next: next.as_deref(),
        is_truncated,
        denied: &[],
    };
    let body = list.write();
    let mut response = CacheHeaders { etag, ..CacheHeaders::of_body(&body) }.respond_with_jobs(&request, || body);
    if let Some(next) = &next {
        add_next_link(&mut response, &request, "cursor", next);
    }
    Ok(response)
}

/// Source of an asset's log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AssetLogsParams {
    /// `true` reads the archived logs (`getAssetArchivedJobLogs`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
}

/// Log of an asset.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetJobLogs {
    /// Entries, one for each change of the asset by a job.
    pub logs: Vec<AssetJobLog>,
    /// Items of the IPS response that could not be parsed and are missing from the list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub bad_items: Vec<BadItem>,
}

/// Read an asset's log
///
/// Log entries of jobs that processed the asset (`getAssetJobLogs`, `getAssetArchivedJobLogs`).
#[utoipa::path(
    get, path = "/assets/{assetHandle}/job-logs", operation_id = "listAssetJobLogs", tag = components::LOGS,
    params(("assetHandle" = String, Path, description = "Handle of the asset, percent-encoded", example = "a|11004"), CompanyParams, AssetLogsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The logs", body = AssetJobLogs), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn of_asset(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    TextPath(asset): TextPath,
    CompanyQuery { company, params }: CompanyQuery<AssetLogsParams>,
) -> HandlerResult {
    let jobs = state.jobs.clone();
    let (logs, bad_items) = state
        .run_in_background(async move {
            let company = jobs.companies().resolve(&caller, &company).await?;
            jobs.logs().asset_logs(&caller, &company, &asset, log_source(params.archived)).await
        })
        .await?;
    json_response(&request, &AssetJobLogs { logs, bad_items })
}
