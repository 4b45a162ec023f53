//! `/jobs/{job}/results`: links that a job made, and assets that it touched.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CommaList, CompanyParams, CompanyQuery, JobPath, within};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::pagination::add_next_link;
use crate::http::response::rows::{Cell, ListFormat, Row, RowPage, add_vary, rows_response};
use crate::http::response::{HandlerResult, json_response};
use crate::ips::types::Timestamp;
use crate::jobs::{
    CompanyChoice, JobRef, JobResult, LogSource, MAX_PER_PAGE, ResultAsset, ResultLink, ResultPage, ResultQuery,
    ResultRows, ResultStatus,
};
use crate::upstream::Caller;

/// Default of `perPage`.
const DEFAULT_PER_PAGE: u32 = 100;

/// Filters, page and format of the results of a job.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResultParams {
    /// Page number, from 1. Only for JSON: CSV and NDJSON have all results.
    #[serde(default, deserialize_with = "within::<1, { i32::MAX as u32 }, _>")]
    #[param(minimum = 1, default = 1, required = false)]
    page: Option<u32>,
    /// Assets per page. Only for JSON.
    #[serde(default, deserialize_with = "within::<1, MAX_PER_PAGE, _>")]
    #[param(minimum = 1, maximum = 1000, default = 100, required = false)]
    per_page: Option<u32>,
    /// Only assets with one of these statuses, separated by commas. Links are shown with every filter.
    #[serde(default)]
    #[param(value_type = Vec<ResultStatus>, style = Form, explode = false, required = false)]
    status: CommaList<ResultStatus>,
    /// `true` reads the archived log (`getArchivedJobLogDetails`).
    #[param(default = false, required = false)]
    archived: Option<bool>,
    /// Format of the response; takes precedence over `Accept`.
    #[param(inline, required = false)]
    format: Option<ListFormat>,
}

impl Row for JobResult {
    const COLUMNS: &'static [&'static str] = &[
        "kind",
        "status",
        "url",
        "assetHandle",
        "assetName",
        "assetType",
        "message",
        "reasons",
        "logType",
        "dateCreated",
    ];

    fn write_json(&self, line: &mut Vec<u8>) {
        serde_json::to_writer(line, self).expect("texts and dates can be serialized");
    }

    fn cells(&self) -> Vec<Cell<'_>> {
        let date = |at: &Option<Timestamp>| at.map_or(Cell::Absent, |at| Cell::Verbatim(at.to_string().into()));
        match self {
            Self::Link(ResultLink { url, message, date_created }) => {
                let mut cells = vec![Cell::Absent; Self::COLUMNS.len()];
                cells[0] = Cell::verbatim("link");
                cells[2] = Cell::text(Some(url));
                cells[6] = Cell::text(message.as_deref());
                cells[9] = date(date_created);
                cells
            }
            Self::Asset(asset) => {
                let reasons = asset.reasons.join("; ");
                vec![
                    Cell::verbatim("asset"),
                    Cell::verbatim(asset.status.name()),
                    Cell::Absent,
                    Cell::text(asset.asset_handle.as_deref()),
                    Cell::text(asset.asset_name.as_deref()),
                    Cell::text(asset.asset_type.as_deref()),
                    Cell::text(asset.message.as_deref()),
                    if reasons.is_empty() { Cell::Absent } else { Cell::Text(reasons.into()) },
                    Cell::text(asset.log_type.as_deref()),
                    date(&asset.date_created),
                ]
            }
        }
    }
}

/// Read the results of a job
///
/// What the log of a job says about links and assets: the URL of the ZIP file of an export, and each asset that the job handled, with `ok`,
/// `warning`, `error` or `canceled`, and the messages. Of an active job those so far, with `complete: false`. As CSV and NDJSON, by `format` or
/// `Accept`, it has all results, streamed.
#[utoipa::path(
    get, path = "/jobs/{job}/results", operation_id = "getJobResults", tag = components::LOGS,
    params(components::JobParam, CompanyParams, ResultParams, components::IfNoneMatchHeader),
    responses(
        (status = 200, description = "The results", headers(("Link")), content(
            (ResultPage = "application/json"),
            (String = "text/csv", example = json!("kind,status,url,assetHandle,assetName,assetType,message,reasons,logType,dateCreated\r\nlink,,https://sandbox.example.com/export/17.zip,,,,Packed the exported files,,,2026-03-02T06:00:45.000-06:00\r\nasset,error,,,rain_jacket_red,Image,rain_jacket_red failed,the file is truncated,ExportError,2026-03-02T06:00:10.311-06:00\r\n")),
            (String = "application/x-ndjson", example = json!("{\"kind\":\"asset\",\"status\":\"ok\",\"assetHandle\":\"a|11003\",\"assetName\":\"rain_jacket_red\"}\n{\"complete\":true,\"rows\":1}\n")),
        )),
        components::NotModifiedResponse, components::ProblemResponses,
    ),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    JobPath(job): JobPath,
    CompanyQuery { company, params }: CompanyQuery<ResultParams>,
    accepted: ListFormat,
) -> HandlerResult {
    let source = if params.archived == Some(true) { LogSource::Archive } else { LogSource::Current };
    let statuses = params.status.0;
    if let Some(format) = params.format.unwrap_or(accepted).of_rows() {
        let reader = RowReader { state, caller, company, job, source, statuses };
        let pages = stream::try_unfold((reader, Some(1)), |(reader, page)| async move {
            let Some(page) = page else { return Ok(None) };
            let rows = reader.read(page).await?;
            let next = rows.has_next.then(|| page + 1);
            Ok::<_, Problem>(Some((reader.row_page(rows), (reader, next))))
        });
        return rows_response(&request, format, "job-results", pages).await;
    }
    let (page, per_page) = (params.page.unwrap_or(1), params.per_page.unwrap_or(DEFAULT_PER_PAGE));
    let query = ResultQuery { page, per_page, statuses, source };
    let jobs = state.jobs.clone();
    let found =
        state.run_in_background(async move { jobs.results().page(&caller, &company, &job, &query).await }).await?;
    let mut response = json_response(&request, &found)?;
    if found.has_next() {
        add_next_link(&mut response, &request, "page", &(page + 1).to_string());
    }
    add_vary(&mut response);
    Ok(response)
}

/// Reader of all results of a job, page by page.
struct RowReader {
    state: Data<AppState>,
    caller: Arc<Caller>,
    company: CompanyChoice,
    job: JobRef,
    source: LogSource,
    statuses: Vec<ResultStatus>,
}

impl RowReader {
    async fn read(&self, page: u32) -> Result<ResultRows, Problem> {
        let (jobs, caller, company, job) =
            (self.state.jobs.clone(), self.caller.clone(), self.company.clone(), self.job.clone());
        let source = self.source;
        let read = async move { jobs.results().rows(&caller, &company, &job, source, page).await };
        self.state.run_in_background(read).await
    }

    fn row_page(&self, ResultRows { mut results, complete, has_next, .. }: ResultRows) -> RowPage<JobResult> {
        let is_included = |asset: &ResultAsset| self.statuses.is_empty() || self.statuses.contains(&asset.status);
        results.retain(|result| match result {
            JobResult::Link(_) => true,
            JobResult::Asset(asset) => is_included(asset),
        });
        let incomplete = (!complete && !has_next).then(|| "the job is not completed".to_owned());
        RowPage { rows: results, incomplete }
    }
}
