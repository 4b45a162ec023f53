//! `/jobs/{job}/log` and `/assets/{assetHandle}/job-logs`: logs of a job, an asset.

use std::sync::Arc;

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::web::Data;
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CommaList, CompanyParams, CompanyQuery, JobPath, TextPath, parsed, within};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::pagination::add_next_link;
use crate::http::response::rows::{Cell, ListFormat, Row, RowPage, add_vary, rows_response};
use crate::http::response::{HandlerResult, json_response};
use crate::ips::types::AssetJobLog;
use crate::jobs::{
    CompanyChoice, Error, JobRef, LogEntry, LogLevel, LogPage, LogQuery, LogSort, LogSource, MAX_PER_PAGE, SearchText,
};
use crate::upstream::{BadItem, Caller};

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
    /// Only entries with this text in their messages or the name of their asset, ignoring case and the composition of letters.
    #[param(required = false)]
    q: Option<String>,
    /// Sort field: `date` or `logType`, with a `-` prefix for the reverse order.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, example = "-date", required = false)]
    sort: Option<LogSort>,
    /// `true` reads the archived log (`getArchivedJobLogDetails`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
    /// Format of the response; without it, what `Accept` prefers. `csv` and `ndjson` have all entries, without pages.
    #[param(inline, required = false)]
    format: Option<ListFormat>,
}

impl LogParams {
    /// Returns the query of all entries.
    ///
    /// # Errors
    /// The parameters ask for a page.
    fn into_query_of_all(self) -> Result<LogQuery, Error> {
        let page = [("page", self.page.is_some()), ("perPage", self.per_page.is_some())];
        match page.into_iter().find(|(_, is_set)| *is_set) {
            Some((name, _)) => Err(Error::invalid_parameter(name, "CSV and NDJSON have all entries, without pages")),
            None => Ok(LogQuery { per_page: MAX_PER_PAGE, ..self.into() }),
        }
    }
}

impl From<LogParams> for LogQuery {
    fn from(params: LogParams) -> Self {
        Self {
            page: params.page.unwrap_or(1),
            per_page: params.per_page.unwrap_or(DEFAULT_PER_PAGE),
            log_types: params.log_type.0,
            level: params.level,
            text: params.q.as_deref().map(SearchText::new),
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
/// The log entries of the job (`getJobLogDetails`): of an active job those that IPS has written so far, with `complete: false`. As CSV or NDJSON
/// all entries in one response.
#[utoipa::path(
    get, path = "/jobs/{job}/log", operation_id = "getJobLog", tag = components::LOGS,
    params(components::JobParam, CompanyParams, LogParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The entries", content((LogPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")), headers(("Link"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn of_job(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    JobPath(job): JobPath,
    CompanyQuery { company, params }: CompanyQuery<LogParams>,
    accepted: ListFormat,
) -> HandlerResult {
    if let Some(format) = params.format.unwrap_or(accepted).of_rows() {
        let query = params.into_query_of_all()?;
        return rows_response(&request, format, "job-log", log_rows(state, caller, (company, job), query)).await;
    }
    let (jobs, query) = (state.jobs.clone(), LogQuery::from(params));
    let page =
        state.run_in_background(async move { jobs.logs().job_log(&caller, &company, &job, &query).await }).await?;
    let mut response = json_response(&request, &page)?;
    if page.has_next() {
        add_next_link(&mut response, &request, "page", &(page.page + 1).to_string());
    }
    add_vary(&mut response);
    Ok(response)
}

/// Returns the pages of a job's log, as far as they fulfil the filters of `query`.
fn log_rows(
    state: Data<AppState>,
    caller: Arc<Caller>,
    (company, job): (CompanyChoice, JobRef),
    query: LogQuery,
) -> impl Stream<Item = Result<RowPage<LogRow>, Problem>> {
    // What IPS can't filter by is filtered here, so that no page is read twice.
    let pages = LogQuery { level: None, text: None, ..query.clone() };
    let of_page = move |number: Option<u32>| {
        let (state, caller, company, job) = (state.clone(), caller.clone(), company.clone(), job.clone());
        let (query, pages) = (query.clone(), pages.clone());
        async move {
            let number = number?;
            let read = {
                let (jobs, page) = (state.jobs.clone(), LogQuery { page: number, ..pages });
                async move { jobs.logs().job_log(&caller, &company, &job, &page).await }
            };
            let page = match state.run_in_background(read).await {
                Ok(page) => page,
                Err(problem) => return Some((Err(problem), None)),
            };
            let is_stopping = page.has_next() && state.lifecycle.is_stopping();
            let incomplete = match page.bad_items.len() {
                _ if is_stopping => Some("the gateway is shutting down".to_owned()),
                0 => None,
                unreadable => Some(format!("{unreadable} entries could not be read")),
            };
            let next = (page.has_next() && incomplete.is_none()).then_some(number + 1);
            let rows = page.entries.into_iter().filter(|entry| query.matches(entry)).map(LogRow).collect();
            Some((Ok(RowPage { rows, incomplete }), next))
        }
    };
    stream::unfold(Some(1), of_page)
}

/// Row of a job's log.
struct LogRow(LogEntry);

impl Row for LogRow {
    const COLUMNS: &'static [&'static str] =
        &["dateCreated", "level", "logType", "logMessage", "assetName", "assetType", "assetHandle", "auxMessages"];

    fn write_json(&self, line: &mut Vec<u8>) {
        // Strings, dates and enumerations can always be serialized.
        let _ = serde_json::to_writer(line, &self.0);
    }

    fn cells(&self) -> Vec<Cell<'_>> {
        let LogEntry { level, detail } = &self.0;
        let additional: Vec<&str> =
            detail.aux_array.iter().flatten().filter_map(|message| message.log_message.as_deref()).collect();
        vec![
            detail.date_created.map_or(Cell::Absent, |date| Cell::Verbatim(Cow::Owned(date.to_string()))),
            Cell::verbatim(level.name()),
            Cell::text(detail.log_type.as_deref()),
            Cell::text(detail.log_message.as_deref()),
            Cell::text(detail.asset_name.as_deref()),
            Cell::text(detail.asset_type.as_deref()),
            Cell::text(detail.asset_handle.as_deref()),
            if additional.is_empty() { Cell::Absent } else { Cell::Text(Cow::Owned(additional.join(" | "))) },
        ]
    }
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
