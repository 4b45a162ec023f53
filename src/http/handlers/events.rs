//! `/jobs/events`, `/jobs/{job}/events` and `/jobs/events/tickets`: event streams and their tickets.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::{Acceptance, Authenticated, TicketUse};
use crate::http::extract::{CompanyParams, CompanyQuery, IfMatch, JobPath, LastEventId, within};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::request_context::{Principal, RequestContext};
use crate::http::response::HandlerResult;
use crate::http::response::sse::{Heartbeat, StreamGuards, event_stream, event_stream_head};
use crate::ips::types::Timestamp;
use crate::jobs::{Error, StreamEnd, Subscription, to_timestamp};

/// Credentials of an event stream.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventsParams {
    /// Ticket from `POST /jobs/events/tickets`, for clients that can't send an `Authorization` header, such as a browser's `EventSource`.
    #[param(required = false)]
    ticket: Option<String>,
    /// The value of `Last-Event-ID`, for clients that can't set this header. Not documented as a parameter: generated clients would have two
    /// of the same name.
    #[serde(alias = "Last-Event-ID")]
    #[param(ignore)]
    last_event_id: Option<String>,
    /// Interval of `heartbeat` events, in seconds. Without it, a comment every 15 s keeps the connection open, which an `EventSource` does not
    /// expose: with it, a page can tell that its stream is dead.
    #[serde(default, deserialize_with = "within::<1, 60, _>")]
    #[param(minimum = 1, maximum = 60, example = 5, required = false)]
    heartbeat: Option<u32>,
}

/// Credentials and end of the event stream of a job.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobEventsParams {
    /// Ticket from `POST /jobs/events/tickets`, for clients that can't send an `Authorization` header, such as a browser's `EventSource`.
    #[param(required = false)]
    ticket: Option<String>,
    /// See [`EventsParams`].
    #[serde(alias = "Last-Event-ID")]
    #[param(ignore)]
    last_event_id: Option<String>,
    /// Interval of `heartbeat` events, in seconds. Without it, a comment every 15 s keeps the connection open, which an `EventSource` does not
    /// expose: with it, a page can tell that its stream is dead.
    #[serde(default, deserialize_with = "within::<1, 60, _>")]
    #[param(minimum = 1, maximum = 60, example = 5, required = false)]
    heartbeat: Option<u32>,
    /// When the stream ends: `chain`, the default, when the job and its follow-on jobs are completed; `job` when the job is.
    #[param(inline, required = false)]
    until: Option<Until>,
}

/// End of the stream of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Until {
    /// The job is completed or removed.
    Job,
    /// Its chain is completed, too: the follow-on jobs that it requested.
    Chain,
}

impl From<Until> for StreamEnd {
    fn from(until: Until) -> Self {
        match until {
            Until::Job => Self::Job,
            Until::Chain => Self::Chain,
        }
    }
}

impl From<JobEventsParams> for EventsParams {
    fn from(JobEventsParams { ticket, last_event_id, heartbeat, .. }: JobEventsParams) -> Self {
        Self { ticket, last_event_id, heartbeat }
    }
}

/// Caller of an event stream, and the ticket with which it is opened.
struct StreamCaller {
    principal: Principal,
    ticket: Option<TicketUse>,
}

impl EventsParams {
    /// Returns the heartbeat of the stream.
    fn heartbeat(&self, state: &AppState) -> Heartbeat {
        match self.heartbeat {
            Some(seconds) => Heartbeat::Event(Duration::from_secs(seconds.into())),
            None => Heartbeat::Comment(state.settings.heartbeat),
        }
    }

    /// Returns the caller to whom the ticket was issued; without a ticket, that of the request's credentials. HEAD
    /// doesn't redeem the ticket.
    async fn caller(&self, state: &AppState, request: &HttpRequest) -> Result<StreamCaller, Problem> {
        let Some(ticket) = &self.ticket else {
            return Ok(StreamCaller { principal: state.auth.authenticator.authenticate(request)?, ticket: None });
        };
        let tickets = &state.auth.tickets;
        let found = if request.method() == Method::HEAD {
            tickets.caller(ticket).await.map(|caller| (caller, None))
        } else {
            tickets.redeem(ticket).await.map(|used| (used.caller().clone(), Some(used)))
        };
        let found = found.and_then(|(caller, ticket)| {
            let principal = state.auth.authenticator.principal_of_issued(&caller)?;
            RequestContext::current().principal.set(principal.clone());
            Some(StreamCaller { principal, ticket })
        });
        found.ok_or_else(|| Problem::unauthenticated("the ticket is unknown or expired, or its event stream is open"))
    }
}

/// Responds with the events of the subscription that `subscribe` starts. HEAD starts one, for the same errors, and ends it; it counts no
/// stream in the quota.
async fn respond(
    state: &AppState,
    request: &HttpRequest,
    StreamCaller { principal, ticket }: StreamCaller,
    heartbeat: Heartbeat,
    subscribe: impl Future<Output = Result<Subscription, Error>> + Send + 'static,
) -> HandlerResult {
    if request.method() == Method::HEAD {
        state.auth.stream_quota.check(&principal.caller)?;
        state.auth.authenticator.watch(&principal)?;
        state.run_in_background(subscribe).await?;
        return Ok(event_stream_head());
    }
    let quota = state.auth.stream_quota.acquire(&principal.caller)?;
    let access = state.auth.authenticator.watch(&principal)?;
    let role = principal.role;
    let subscription = state.run_in_background(subscribe).await?;
    Ok(event_stream(state, subscription, heartbeat, StreamGuards { quota, ticket, access, role }))
}

/// Watch the active jobs
///
/// A stream of server-sent events. The first one is `snapshot` with the list as returned by `GET /jobs`. Then follow `job.created`,
/// `job.progress` and `job.status` with the new state of a job (`"restarted": true` if IPS restarted it), `job.finished` with the
/// completed job and its outcome, and `job.removed` with its `id`. `job.chain` has a completed job whose `followOns` or `chain` changed. Applied to the snapshot, the events yield the list that `GET /jobs`
/// returns. `upstream.stale` says that the list is out of date because calls to IPS fail, `upstream.recovered` that it is current again. A
/// caller who may not read the active jobs gets 403. `Last-Event-ID` resumes an earlier stream; if the gateway no longer has the events since
/// then, it sends a new `snapshot`.
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
    let (jobs, owner, heartbeat) = (state.jobs.clone(), caller.principal.caller.clone(), params.heartbeat(&state));
    let position = last_event_id.or(params.last_event_id).position();
    let subscribe = async move {
        let company = jobs.companies().resolve(&owner, &company).await?;
        jobs.subscribe_to_company(owner, &company, position).await
    };
    respond(&state, &request, caller, heartbeat, subscribe).await
}

/// Watch a job
///
/// A stream of server-sent events about one job, like those of `/jobs/events`. It ends after `job.finished` or `job.removed`; of a job with a
/// `chain`, that is an upload that requested a publish, when the chain is completed: after `job.finished`, `job.chain` has the job with each change
/// of its `followOns` or `chain`. With `until=job` it ends with the job. A client that reconnects after the end, as browsers do automatically,
/// gets 204: no events will follow.
#[utoipa::path(
    get, path = "/jobs/{job}/events", operation_id = "watchJob", tag = components::JOBS,
    params(components::JobParam, CompanyParams, JobEventsParams, components::LastEventIdHeader),
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
    CompanyQuery { company, params }: CompanyQuery<JobEventsParams>,
    last_event_id: LastEventId,
) -> HandlerResult {
    let until = params.until.map(StreamEnd::from).unwrap_or_default();
    let params = EventsParams::from(params);
    let caller = params.caller(&state, &request).await?;
    let heartbeat = params.heartbeat(&state);
    let last_event_id = last_event_id.or(params.last_event_id);
    if matches!(last_event_id, LastEventId::Final) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let (jobs, owner, position) = (state.jobs.clone(), caller.principal.caller.clone(), last_event_id.position());
    let subscribe = async move { jobs.subscribe_to_job(owner, &company, &job, position, until).await };
    respond(&state, &request, caller, heartbeat, subscribe).await
}

/// Ticket for an event stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Value of the query parameter `ticket`. It opens one stream at a time.
    ticket: String,
    /// Time until which the first stream has to be opened. After that, the ticket is valid while its stream is open and for a minute longer.
    expires_at: Timestamp,
}

/// Get a ticket for events
///
/// A browser's `EventSource` can't send an `Authorization` header, and URLs must not contain credentials; a ticket may be part of a URL.
/// It opens one event stream within a minute. If this stream is dropped, the ticket opens another within a minute of that, since an
/// `EventSource` reconnects with the same URL; it never has two open streams. A page with a session needs none, and gets 403: its cookie opens
/// the stream.
#[utoipa::path(
    post, path = "/jobs/events/tickets", operation_id = "createEventTicket", tag = components::JOBS,
    responses((status = 201, description = "The ticket", body = Ticket), components::ProblemResponses),
)]
pub async fn ticket(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    if_match: IfMatch,
) -> HandlerResult {
    if_match.check_untagged()?;
    if state.auth.authenticator.authenticate(&request)?.session_end.is_some() {
        return Err(Problem::not_for_session(
            "a session gets no tickets, which could outlive it: its cookie opens event streams",
        ));
    }
    // Invalid credentials are reported here: an `EventSource` does not expose the response to a refused stream.
    let (jobs, owner) = (state.jobs.clone(), caller.clone());
    state.run_in_background(async move { jobs.companies().check_credentials(&owner).await }).await?;
    let acceptance = if state.jobs.has_accepted(&caller) { Acceptance::Accepted } else { Acceptance::Stranger };
    let issued = state.auth.tickets.issue(Arc::unwrap_or_clone(caller), acceptance).await;
    let (ticket, expires_at) = issued.map_err(|error| Problem::internal(error.to_string()))?;
    let expires_at = to_timestamp(expires_at);
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(Ticket { ticket, expires_at }))
}
