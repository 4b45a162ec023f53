//! `GET /publish-queue`: the publishes of a company that run or wait.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CacheControl, CompanyParams, CompanyQuery};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::cache_headers::CacheHeaders;
use crate::http::response::{HandlerResult, long_poll};
use crate::jobs::{Error, Lookup, Phase, PublishQueue};

/// Read the queue of publishes
///
/// The publishes of a company that run, with the time at which they are expected to end, and those that wait, in their order. It comes from the
/// cached list of active jobs; to estimate the end of a job the gateway may read the newest job logs, at most once in 5 minutes.
#[utoipa::path(
    get, path = "/publish-queue", operation_id = "getPublishQueue", tag = components::JOBS,
    params(CompanyParams, components::IfNoneMatchHeader, components::CacheRequestHeaders),
    responses(
        (status = 200, description = "The queue", body = PublishQueue, headers(("Preference-Applied")), example = json!({
            "running": [{
                "id": "MW9jfDExMB9uaWdodGx5LTFtODViZXYxbmhjYTdmd2s", "kind": "imageServingPublish", "title": "nightly",
                "submittedBy": "katlyn@example.com", "status": "running", "percent": 40, "startedAt": "2026-03-02T06:00:00-06:00",
                "expectedEnd": {
                    "at": "2026-03-02T06:14:10-06:00", "from": "2026-03-02T06:11:00-06:00", "to": "2026-03-02T06:21:30-06:00", "basedOn": 12
                }
            }],
            "waiting": [{
                "id": "MW9jfDExMB9ob3RmaXgtMW04NWJldjFuaGNhN2Z3aw", "kind": "imageServingPublish", "title": "hotfix",
                "submittedBy": "heron@example.com", "status": "waiting", "waitsFor": "MW9jfDExMB9uaWdodGx5LTFtODViZXYxbmhjYTdmd2s"
            }],
            "complete": true, "observedAt": "2026-03-02T12:06:00.120Z"
        })),
        components::NotModifiedResponse, components::ProblemResponses,
    ),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    CompanyQuery { company, .. }: CompanyQuery,
    CacheControl(directive): CacheControl,
) -> HandlerResult {
    let company = state.resolve_company(&caller, company).await?;
    let watchers = async { Ok(state.jobs.watch(&caller, &company, &[Phase::Active])) };
    long_poll::respond(&state, &request, watchers, || async {
        let (jobs, caller, company) = (state.jobs.clone(), caller.clone(), company.clone());
        let read = async move { jobs.publish_queue(&caller, &company, directive).await };
        let (queue, lookup) = state.run_in_background(read).await?;
        respond(&state, &request, &queue, &lookup)
    })
    .await
}

fn respond(
    state: &AppState,
    request: &HttpRequest,
    queue: &PublishQueue,
    lookup: &Lookup,
) -> Result<HttpResponse, Problem> {
    let serialized = || Problem::from(Error::Internal("the queue of publishes can't be serialized"));
    let mut meaning = serde_json::to_value(queue).map_err(|_| serialized())?;
    let body = Bytes::from(meaning.to_string());
    if let Some(members) = meaning.as_object_mut() {
        members.shift_remove("observedAt");
    }
    let headers = CacheHeaders {
        cache_status: lookup.cache_status,
        age: lookup.age,
        freshness_lifetime: state.settings.freshness_lifetime,
        ..CacheHeaders::of_body(meaning.to_string().as_bytes())
    };
    Ok(headers.respond(request, || body))
}
