//! `/job-stats`: statistics of the history.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CacheControl, CompanyParams, CompanyQuery, date_time};
use crate::http::openapi::components;
use crate::http::response::HandlerResult;
use crate::http::response::cache_headers::CacheHeaders;
use crate::ips::types::Timestamp;
use crate::jobs::{CacheStatus, Error, JobStats, STATISTICS_LIFETIME, StatisticsQuery, user_handle};

/// Span of the statistics, and filter of its jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobStatsParams {
    /// Earliest start of the jobs, at most 400 days before `to`; default: 30 days before `to`.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    from: Option<Timestamp>,
    /// Latest start of the jobs; default: now.
    #[serde(default, deserialize_with = "date_time")]
    #[param(value_type = String, format = DateTime, required = false)]
    to: Option<Timestamp>,
    /// Only jobs that the user with this IPS handle submitted.
    #[param(required = false, example = "u|2001")]
    user_handle: Option<String>,
}

impl TryFrom<JobStatsParams> for StatisticsQuery {
    type Error = Error;

    fn try_from(params: JobStatsParams) -> Result<Self, Error> {
        let utc = |time: Option<Timestamp>| -> Option<DateTime<Utc>> { Some(time?.instant()?.to_utc()) };
        Ok(Self { from: utc(params.from), to: utc(params.to), user_handle: user_handle(params.user_handle)? })
    }
}

/// Read statistics of the history
///
/// Numbers, outcomes and durations of the completed jobs of a company by kind and submitter, counted by the gateway from at most 20,000 logs: the
/// newest ones of the span. They are cached for 5 minutes; `Cache-Control: no-cache` accepts none older than 10 seconds.
#[utoipa::path(
    get, path = "/job-stats", operation_id = "getJobStats", tag = components::LOGS,
    params(CompanyParams, JobStatsParams, components::IfNoneMatchHeader),
    responses((status = 200, description = "The statistics", body = JobStats), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    CompanyQuery { company, params }: CompanyQuery<JobStatsParams>,
    CacheControl(directive): CacheControl,
) -> HandlerResult {
    let query = StatisticsQuery::try_from(params)?;
    let company = state.resolve_company(&caller, company).await?;
    let jobs = state.jobs.clone();
    let cached = state
        .run_in_background(async move { jobs.statistics().read(&caller, &company, query, directive).await })
        .await?;
    let cache_status = if cached.is_new { CacheStatus::Loaded } else { CacheStatus::Hit };
    let headers = CacheHeaders {
        cache_status,
        age: cached.age,
        freshness_lifetime: STATISTICS_LIFETIME,
        ..CacheHeaders::of_body(&cached.body)
    };
    let mut response = headers.respond(&request, || cached.body.clone());
    let cache_control = format!("private, max-age={}", STATISTICS_LIFETIME.as_secs());
    if let Ok(value) = HeaderValue::from_str(&cache_control) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    Ok(response)
}
