//! `/jobs/events`, `/jobs/{job}/events` and `/jobs/events/tickets`: event streams and their tickets.

use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{CompanyParams, CompanyQuery, JobPath, LastEventId};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::response::HandlerResult;
use crate::http::response::sse::{event_stream, event_stream_head};
use crate::ips::types::Timestamp;
use crate::jobs::{CacheDirective, to_timestamp};
use crate::upstream::Caller;

/// Credentials of an event stream.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventsParams {
    /// Ticket from `POST /jobs/events/tickets`, for clients that can't send an `Authorization` header, such as a browser's `EventSource`.
    #[param(required = false)]
    ticket: Option<String>,
}

impl EventsParams {
    /// Returns the caller to whom the ticket was issued; without a ticket, that of the request's credentials. HEAD doesn't redeem the ticket.
    async fn caller(&self, state: &AppState, request: &HttpRequest) -> Result<Caller, Problem> {
        let Some(ticket) = &self.ticket else {
            return state.auth.authenticator.authenticate(request).map(|principal| principal.caller);
        };
        let (tickets, now) = (&state.auth.tickets, state.clock.now());
        let caller = if request.method() == Method::HEAD {
            tickets.caller(ticket, now)
        } else {
            tickets.redeem(ticket, now).await
        };
        caller.ok_or_else(|| Problem::unauthenticated("the ticket is unknown, used or expired"))
    }
}

/// Watch the active jobs
///
/// A stream of server-sent events. The first one is `snapshot` with the list as returned by `GET /jobs`. Then follow `job.created`,
/// `job.progress` and `job.status` with the new state of a job (`"restarted": true` if IPS restarted it), `job.finished` with the
/// completed job and its outcome, and `job.removed` with its `id`. Applied to the snapshot, the events yield the list that `GET /jobs`
/// returns. A caller who may not read the active jobs gets 403. `Last-Event-ID` resumes an earlier stream; if the gateway no longer has the events since then, it sends a new `snapshot`.
#[utoipa::path(
    get, path = "/jobs/events", operation_id = "watchJobs", tag = components::JOBS,
    params(CompanyParams, EventsParams, components::LastEventIdHeader),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream"), components::ProblemResponses),
)]
pub async fn of_company(
    state: Data<AppState>,
    request: HttpRequest,
    CompanyQuery { company, params }: CompanyQuery<EventsParams>,
    last_event_id: LastEventId,
) -> HandlerResult {
    let caller = params.caller(&state, &request).await?;
    if request.method() == Method::HEAD {
        state.resolve_company(&caller, company).await?;
        return Ok(event_stream_head());
    }
    let quota = state.auth.stream_quota.acquire(&caller)?;
    let jobs = state.jobs.clone();
    let subscription = state
        .run_in_background(async move {
            let company = jobs.companies().resolve(&caller, &company).await?;
            jobs.subscribe_to_company(caller, &company, last_event_id.cursor()).await
        })
        .await?;
    Ok(event_stream(&state, subscription, quota))
}

/// Watch a job
///
/// A stream of server-sent events about one job, like those of `/jobs/events`. It ends after `job.finished` or `job.removed`. A client
/// that reconnects after that, as browsers do automatically, gets 204: no events will follow.
#[utoipa::path(
    get, path = "/jobs/{job}/events", operation_id = "watchJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams, EventsParams, components::LastEventIdHeader),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "`Last-Event-ID` is the id of the final event"),
        components::ProblemResponses,
    ),
)]
pub async fn of_job(
    state: Data<AppState>,
    request: HttpRequest,
    JobPath(job): JobPath,
    CompanyQuery { company, params }: CompanyQuery<EventsParams>,
    last_event_id: LastEventId,
) -> HandlerResult {
    let caller = params.caller(&state, &request).await?;
    if matches!(last_event_id, LastEventId::Final) {
        return Ok(HttpResponse::NoContent().finish());
    }
    if request.method() == Method::HEAD {
        let jobs = state.jobs.clone();
        state
            .run_in_background(async move { jobs.find(&caller, &company, &job, CacheDirective::Unspecified).await })
            .await?;
        return Ok(event_stream_head());
    }
    let quota = state.auth.stream_quota.acquire(&caller)?;
    let (jobs, cursor) = (state.jobs.clone(), last_event_id.cursor());
    let subscription =
        state.run_in_background(async move { jobs.subscribe_to_job(caller, &company, &job, cursor).await }).await?;
    Ok(event_stream(&state, subscription, quota))
}

/// Single-use ticket for an event stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Value of the query parameter `ticket`; valid once.
    ticket: String,
    /// Time after which the ticket is invalid.
    expires_at: Timestamp,
}

/// Get a ticket for events
///
/// A browser's `EventSource` can't send an `Authorization` header, and URLs must not contain credentials; a ticket may be part of a URL.
/// It opens one event stream, and expires after one minute.
#[utoipa::path(
    post, path = "/jobs/events/tickets", operation_id = "createEventTicket", tag = components::JOBS,
    responses((status = 201, description = "The ticket", body = Ticket), components::ProblemResponses),
)]
pub async fn ticket(state: Data<AppState>, Authenticated(caller): Authenticated) -> HandlerResult {
    // Invalid credentials are reported here: an `EventSource` does not expose the response to a refused stream.
    let (jobs, owner) = (state.jobs.clone(), caller.clone());
    state.run_in_background(async move { jobs.companies().check_credentials(&owner).await }).await?;
    let issued = state.auth.tickets.issue(caller, state.clock.now());
    let (ticket, expires_at) = issued.map_err(|error| Problem::internal(error.to_string()))?;
    let expires_at = to_timestamp(expires_at);
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(Ticket { ticket, expires_at }))
}
