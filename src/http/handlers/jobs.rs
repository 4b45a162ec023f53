//! `GET /jobs` and `GET /jobs/{job}`: lists of jobs, single jobs.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::{Authenticated, current_role};
use crate::http::extract::{
    CacheControl, CommaList, CompanyParams, CompanyQuery, JobPath, date_time, email, parsed, within,
};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::request_context::Role;
use crate::http::response::cache_headers::{CacheHeaders, prefers_gzip};
use crate::http::response::pagination::add_next_link;
use crate::http::response::{HandlerResult, long_poll};
use crate::ips::types::Timestamp;
use crate::jobs::{
    CacheDirective, CompanyChoice, Error, JobKind, JobListing, JobSort, ListQuery, Lookup, MAX_PER_PAGE, ObservedJob,
    Outcome, PageCursor, Phase, SearchText, StaleReason, Status, check_span, user_handle,
};
use crate::upstream::BadItem;

/// List of jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<ObservedJob>,
    /// Cursor of the next page; absent on the last page.
    #[schema(nullable = false)]
    pub next: Option<String>,
    /// `true` if completed jobs are missing that no page has: the list is not sorted by start, so that it covers the newest 1,000 only, or more than
    /// 1,000 jobs started in one second.
    #[schema(nullable = false)]
    pub truncated: Option<bool>,
    /// Time at which IPS returned the data; the earliest if the list combines several responses.
    #[schema(nullable = false)]
    pub observed_at: Option<Timestamp>,
    /// `true` if the data are out of date because calls to IPS fail.
    #[schema(nullable = false)]
    pub stale: Option<bool>,
    /// Reason why the data are out of date.
    #[schema(nullable = false)]
    pub stale_reason: Option<StaleReason>,
    /// Phases whose jobs are missing from the list, because the role of the caller's IPS account does not permit to read them; absent if all
    /// requested ones are permitted. If none is, the response is 403.
    #[schema(nullable = false)]
    pub denied: Option<Vec<Phase>>,
    /// Items of the IPS response that could not be parsed and are missing from the list.
    #[schema(nullable = false)]
    pub bad_items: Option<Vec<BadItem>>,
}

/// Filters, order and page of a list of jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobsParams {
    /// Phases to list, separated by commas; default: `active`. In the order of the start, `completed` goes on with `cursor` as far as IPS has jobs;
    /// in another one it covers the newest 1,000.
    #[serde(default)]
    #[param(value_type = Vec<Phase>, style = Form, explode = false, required = false)]
    phase: CommaList<Phase>,
    /// Only jobs with one of these statuses, separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<Status>, style = Form, explode = false, required = false)]
    status: CommaList<Status>,
    /// Only completed jobs with one of these outcomes, separated by commas. Without `phase`, it lists completed jobs.
    #[serde(default)]
    #[param(value_type = Vec<Outcome>, style = Form, explode = false, required = false)]
    outcome: CommaList<Outcome>,
    /// Only jobs of one of these kinds, separated by commas, ignoring case: the same words in every phase.
    #[serde(default)]
    #[param(value_type = Vec<JobKind>, style = Form, explode = false, required = false)]
    kind: CommaList<String>,
    /// Only jobs of one of these IPS types, separated by commas, ignoring case: `type`, `jobSubType`, or the `logType` of completed jobs without its `Begin` or `End`. A type selects the jobs of its kind in every phase: `UrlUpload` those of the kind `uploadUrls`.
    #[serde(default)]
    #[param(value_type = Vec<String>, style = Form, explode = false, required = false)]
    r#type: CommaList<String>,
    /// Only jobs that were submitted with exactly this name.
    #[param(required = false)]
    original_name: Option<String>,
    /// Only jobs that were submitted by this e-mail address.
    #[serde(default, deserialize_with = "email")]
    #[param(value_type = String, required = false)]
    submitted_by: Option<String>,
    /// Only jobs that the user with this IPS handle submitted; with `phase=completed` only, since other lists don't have the handle.
    #[param(required = false, example = "u|2001")]
    user_handle: Option<String>,
    /// Only jobs that started at this time or later; of a job that has not started, the expected start, `nextRunAt` or `triggerTime` counts. A
    /// time that IPS sends without an offset counts as UTC.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    from: Option<Timestamp>,
    /// Only jobs that started at this time or earlier, or with such an expected or next start.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    to: Option<Timestamp>,
    /// Only jobs with this text in their name, description or submitter, ignoring case and the composition of letters.
    #[param(required = false)]
    q: Option<String>,
    /// Sort field: `startDate` (of a scheduled job `nextRunAt`), `startedAt`, `endedAt`, `nextRunAt`, `name`, `title`, `kind`, `type`, `status`,
    /// `percent` or `submittedBy`, with a `-` prefix for the reverse order. Default: the order of IPS; with `limit`, the newest first.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, example = "-startDate", required = false)]
    sort: Option<JobSort>,
    /// Maximum number of jobs; default: all.
    #[serde(default, deserialize_with = "within::<1, MAX_PER_PAGE, _>")]
    #[param(minimum = 1, maximum = 1000, required = false)]
    limit: Option<u32>,
    /// `next` of the previous page.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = String, required = false)]
    cursor: Option<PageCursor>,
}

impl TryFrom<JobsParams> for ListQuery {
    type Error = Error;

    fn try_from(params: JobsParams) -> Result<Self, Error> {
        check_span(params.from, params.to)?;
        let query = Self {
            outcomes: params.outcome.0,
            from: params.from,
            to: params.to,
            phases: params.phase.0,
            statuses: params.status.0,
            kinds: params.kind.0,
            types: params.r#type.0,
            original_name: params.original_name,
            submitted_by: params.submitted_by,
            text: params.q.as_deref().map(SearchText::new),
            sort: params.sort,
            limit: params.limit.map(|limit| limit as usize),
            cursor: params.cursor,
            user_handle: user_handle(params.user_handle)?,
        };
        if query.user_handle.is_some() {
            if query.phases() != [Phase::Completed] {
                return Err(Error::invalid_parameter("userHandle", "is a filter of `phase=completed` only"));
            }
            if !query.is_by_start() {
                let reason = "is a filter of lists in the order of `startDate` or `startedAt` only";
                return Err(Error::invalid_parameter("userHandle", reason));
            }
        }
        Ok(query)
    }
}

/// Maximum number of parsed query strings that a thread keeps: clients poll with few different ones.
const MAX_PARSED: usize = 16;
/// Maximum length of such a query string, in bytes.
const MAX_PARSED_BYTES: usize = 512;

/// Company and query of a request for a list, from its query string.
#[derive(Clone)]
pub struct ListRequest {
    company: CompanyChoice,
    query: Rc<ListQuery>,
}

impl ListRequest {
    fn parse(query: &str) -> Result<Self, Problem> {
        let CompanyQuery { company, params } = CompanyQuery::<JobsParams>::parse(query)?;
        Ok(Self { company, query: Rc::new(ListQuery::try_from(params)?) })
    }
}

impl FromRequest for ListRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        thread_local! {
            static PARSED: RefCell<Vec<(Box<str>, ListRequest)>> = const { RefCell::new(Vec::new()) };
        }
        let query = request.query_string();
        if query.len() > MAX_PARSED_BYTES {
            return ready(Self::parse(query));
        }
        ready(PARSED.with_borrow_mut(|parsed| {
            if let Some((_, known)) = parsed.iter().find(|(known, _)| **known == *query) {
                return Ok(known.clone());
            }
            let new = Self::parse(query)?;
            if parsed.len() >= MAX_PARSED {
                parsed.remove(0);
            }
            parsed.push((query.into(), new.clone()));
            Ok(new)
        }))
    }
}

/// List jobs
///
/// The active jobs of a company, from a cached snapshot: more frequent polls cause no more calls to IPS. `phase` selects scheduled and
/// completed jobs too; jobs of phases that the caller may not read are left out, and `denied` names these phases. The whole list of active
/// jobs, without filters, is the cheapest request.
#[utoipa::path(
    get, path = "/jobs", operation_id = "listJobs", tag = components::JOBS,
    params(CompanyParams, JobsParams, components::IfNoneMatchHeader, components::CacheRequestHeaders),
    responses((status = 200, description = "The jobs", body = JobList, headers(("Link"), ("Preference-Applied"))), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn list(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    ListRequest { company, query }: ListRequest,
    CacheControl(directive): CacheControl,
) -> HandlerResult {
    let company = state.resolve_company(&caller, company).await?;
    let watchers = async { Ok(state.jobs.watch(&caller, &company, query.phases())) };
    long_poll::respond(&state, &request, watchers, || async {
        match state.jobs.list_fresh(&caller, &company, &query, directive) {
            Err(Error::NotCached) => {}
            fresh => return Ok(list_response(&state, &request, &fresh?)),
        }
        if query.is_whole_active_list() && !state.jobs.has_shared_store() {
            // The load runs on a task of its own; this only waits for it.
            let list = Box::pin(state.jobs.active_list(&caller, &company, directive)).await?;
            return Ok(snapshot_response(&state, &request, &list));
        }
        let (jobs, caller, company, query) = (state.jobs.clone(), caller.clone(), company.clone(), (*query).clone());
        let listing =
            state.run_in_background(async move { jobs.list(&caller, &company, &query, directive).await }).await?;
        Ok(list_response(&state, &request, &listing))
    })
    .await
}

fn list_response(state: &AppState, request: &HttpRequest, listing: &JobListing) -> HttpResponse {
    match listing {
        JobListing::Snapshot(lookup) => snapshot_response(state, request, lookup),
        JobListing::Page(page) => {
            let mut response = CacheHeaders::of_page(page, state.settings.freshness_lifetime)
                .respond_with_jobs(request, || page.body.clone());
            if let Some(next) = &page.next {
                add_next_link(&mut response, request, "cursor", next);
            }
            response
        }
    }
}

/// Responds with a whole snapshot, whose body is already rendered, plain and compressed.
fn snapshot_response(state: &AppState, request: &HttpRequest, lookup: &Lookup) -> HttpResponse {
    let headers = CacheHeaders::of_snapshot(lookup, state.settings.freshness_lifetime);
    let list = lookup.snapshot.rendered(lookup.cache_status.stated_stale_reason());
    if !prefers_gzip(request) || current_role() == Role::Viewer {
        return headers.respond_with_jobs(request, || list.body.clone());
    }
    let mut response = headers.respond_with_jobs(request, || list.gzip());
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Read a job
///
/// A scheduled, active or completed job. After it has left the active list and before it is in the log, its status is `finalizing`. The id in a
/// `submit-outcome-unknown` problem answers with `unconfirmed` and status `unknown` until a list has the job, for 2 minutes; then it is not found.
/// The lists that the role of the caller's IPS account does not permit to read are skipped; if the job is in no other one, the response is 403.
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
    CompanyQuery { company, .. }: CompanyQuery,
    CacheControl(directive): CacheControl,
) -> HandlerResult {
    let find = |directive| {
        let (jobs, caller, company, job) = (state.jobs.clone(), caller.clone(), company.clone(), job.clone());
        state.run_in_background(async move { jobs.find(&caller, &company, &job, directive).await })
    };
    let watchers = async {
        let found = find(CacheDirective::Unspecified).await?;
        let company = &found.job.job.company;
        Ok(state.jobs.watch(&caller, company, found.next_phases()))
    };
    long_poll::respond(&state, &request, watchers, || async {
        let found = find(directive).await?;
        Ok(CacheHeaders::of_job(&found, state.settings.freshness_lifetime).respond_with_jobs(&request, || found.body()))
    })
    .await
}
