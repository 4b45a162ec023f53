//! `/job-logs`: the history of a company.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rows::JobRows;
use crate::http::AppState;
use crate::http::auth::{Authenticated, current_role};
use crate::http::extract::{CommaList, CompanyParams, CompanyQuery, date_time, email, parsed, within};
use crate::http::openapi::components;
use crate::http::response::HandlerResult;
use crate::http::response::cache_headers::CacheHeaders;
use crate::http::response::pagination::add_next_link;
use crate::http::response::rows::{ListFormat, add_vary, rows_response};
use crate::ips::types::Timestamp;
use crate::jobs::{
    Error, HistoryCursor, HistoryFilter, HistoryPage, JobKind, JobLogsQuery, JobLogsSort, ListBody, MAX_PER_PAGE,
    ObservedJob, Outcome, RenderedJob, SearchText, SortDirection, check_span, etag_of, user_handle,
};
use crate::upstream::BadItem;

/// Default of `limit`.
const DEFAULT_LIMIT: u32 = 100;

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
    #[param(required = false, example = "u|2001")]
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
    /// Format of the response; without it, what `Accept` prefers. `csv` and `ndjson` have all jobs of the span, without pages, in the order of
    /// `startDate`.
    #[param(inline, required = false)]
    format: Option<ListFormat>,
}

impl JobLogsParams {
    /// Returns the query of all jobs, with their order.
    ///
    /// # Errors
    /// The parameters ask for a page, or for an order that IPS can't continue.
    fn into_query_of_all(self) -> Result<(HistoryFilter, SortDirection), Error> {
        let page = [("limit", self.limit.is_some()), ("cursor", self.cursor.is_some())];
        if let Some((name, _)) = page.into_iter().find(|(_, is_set)| *is_set) {
            return Err(Error::invalid_parameter(name, "CSV and NDJSON have all jobs of the span, without pages"));
        }
        let JobLogsQuery { filter, sort, .. } = self.try_into()?;
        Ok((filter, sort.required_direction()?))
    }
}

impl TryFrom<JobLogsParams> for JobLogsQuery {
    type Error = Error;

    fn try_from(params: JobLogsParams) -> Result<Self, Error> {
        check_span(params.from, params.to)?;
        let filter = HistoryFilter {
            from: params.from,
            to: params.to,
            user_handle: user_handle(params.user_handle)?,
            submitted_by: params.submitted_by,
            kinds: params.kind.0,
            outcomes: params.outcome.0,
            text: params.q.as_deref().map(SearchText::new),
        };
        Ok(Self {
            filter,
            sort: params.sort.unwrap_or_default(),
            limit: params.limit.unwrap_or(DEFAULT_LIMIT) as usize,
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
/// As CSV or NDJSON it has all jobs of the span in one response, as long as IPS answers: its last line says if it is not complete.
#[utoipa::path(
    get, path = "/job-logs", operation_id = "listJobLogs", tag = components::LOGS,
    params(CompanyParams, JobLogsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The logs", content((JobLogs = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")), headers(("Link"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn list(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    CompanyQuery { company, params }: CompanyQuery<JobLogsParams>,
    accepted: ListFormat,
) -> HandlerResult {
    if let Some(format) = params.format.unwrap_or(accepted).of_rows() {
        let (filter, direction) = params.into_query_of_all()?;
        let authenticator = &state.auth.authenticator;
        let access = authenticator.watch(&authenticator.authenticate(&request)?)?;
        let company = state.resolve_company(&caller, company).await?;
        let stream = state.jobs.history().stream(&caller, &company, &filter, direction);
        let rows = JobRows { state: state.clone(), role: current_role(), access, stream };
        return rows_response(&request, format, "job-logs", rows.pages()).await;
    }
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
    let mut response =
        CacheHeaders { etag: etag.into(), ..CacheHeaders::of_body(&body) }.respond_with_jobs(&request, || body);
    if let Some(next) = &next {
        add_next_link(&mut response, &request, "cursor", next);
    }
    add_vary(&mut response);
    Ok(response)
}
