//! Server-sent events (WHATWG HTML §9.2): what happens to jobs, as it happens.

use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::{Authenticated, StreamPermit};
use crate::http::extract::{JobPath, Query};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::{CompanyChoice, EventCursor, StreamMessage, Subscription, to_timestamp};
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;
use crate::upstream::Caller;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Interval of comments in a stream without events: proxies close idle connections.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// So long a browser waits before it connects again.
const RECONNECT_AFTER: Duration = Duration::from_secs(2);
/// Ends the id of an event after which there will be no other. A browser connects again whenever a stream ends: by this it is known then.
const LAST: &str = "-end";

type Answer = Result<HttpResponse, Problem>;

/// Whose events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventsParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    company: Option<String>,
    /// A ticket of `POST /jobs/events/tickets`, where the client can't send an `Authorization` header (as a browser's `EventSource`).
    #[param(required = false)]
    ticket: Option<String>,
}

impl EventsParams {
    async fn caller(&self, state: &AppState, request: &HttpRequest) -> Result<Caller, Problem> {
        match &self.ticket {
            Some(ticket) => state
                .auth
                .tickets
                .redeem(ticket, state.clock.now())
                .await
                .ok_or_else(|| Problem::unauthenticated("the ticket is unknown, used or too old")),
            None => state.auth.authenticator.authenticate(request).map(|principal| principal.caller),
        }
    }

    fn choice(self) -> CompanyChoice {
        CompanyChoice { handle: self.company_handle, name: self.company }
    }
}

/// Watch the active jobs
///
/// A stream of server-sent events. First comes `snapshot` with the list as `GET /jobs` gives it, then `job.created`, `job.progress` and
/// `job.status` with the job as it is now (`"restarted": true` when IPS began it anew), `job.finished` with the completed job and its
/// outcome, and `job.removed` with its `id`. Whoever folds the events into the snapshot has the list that `GET /jobs` gives.
/// `Last-Event-ID` goes on where an earlier stream ended; when too much happened since, another `snapshot` comes.
#[utoipa::path(
    get, path = "/jobs/events", operation_id = "watchJobs", tag = components::JOBS,
    params(EventsParams, components::LastEventIdHeader),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream"), components::ProblemResponses),
)]
pub async fn of_company(state: Data<AppState>, request: HttpRequest, params: Query<EventsParams>) -> Answer {
    let caller = params.0.caller(&state, &request).await?;
    let open = state.auth.stream_quota.acquire(&caller)?;
    let (choice, cursor) = (params.0.choice(), last_event_cursor(&request));
    let jobs = state.jobs.clone();
    let subscription = state
        .run(async move {
            let company = jobs.companies().resolve(&caller, &choice).await?;
            jobs.subscribe_to_company(caller, &company, cursor).await
        })
        .await?;
    Ok(respond(&state, subscription, open))
}

/// Watch a job
///
/// A stream of server-sent events about one job, as those of `/jobs/events`; it ends after `job.finished` or `job.removed`. Whoever
/// connects again after that, as browsers do by themselves, is told by 204 that there is no more.
#[utoipa::path(
    get, path = "/jobs/{job}/events", operation_id = "watchJob", tag = components::JOBS,
    params(components::JobParam, EventsParams, components::LastEventIdHeader),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "`Last-Event-ID` is that of the last event that there will be"),
        components::ProblemResponses,
    ),
)]
pub async fn of_job(
    state: Data<AppState>,
    request: HttpRequest,
    JobPath(job): JobPath,
    params: Query<EventsParams>,
) -> Answer {
    let caller = params.0.caller(&state, &request).await?;
    if last_event_id(&request).is_some_and(|id| id.ends_with(LAST)) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let open = state.auth.stream_quota.acquire(&caller)?;
    let (choice, cursor) = (params.0.choice(), last_event_cursor(&request));
    let jobs = state.jobs.clone();
    let subscription = state.run(async move { jobs.subscribe_to_job(caller, &choice, &job, cursor).await }).await?;
    Ok(respond(&state, subscription, open))
}

/// A ticket for one stream of events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// To be given once, as `?ticket=`.
    ticket: String,
    /// When it is worthless even if it was not used.
    expires_at: Timestamp,
}

/// Get a ticket for events
///
/// A browser's `EventSource` can't send an `Authorization` header, and credentials don't belong into a URL: this ticket does. It opens one
/// stream, within a minute.
#[utoipa::path(
    post, path = "/jobs/events/tickets", operation_id = "createEventTicket", tag = components::JOBS,
    responses((status = 201, description = "The ticket", body = Ticket), components::ProblemResponses),
)]
pub async fn ticket(state: Data<AppState>, Authenticated(caller): Authenticated) -> Answer {
    // An `EventSource` can't tell why it was refused: wrong credentials are told here.
    let (jobs, asking) = (state.jobs.clone(), caller.clone());
    state.run(async move { jobs.companies().check_credentials(&asking).await }).await?;
    let issued = state.auth.tickets.issue(caller, state.clock.now());
    let (ticket, expires_at) = issued.ok_or_else(|| Problem::internal("the operating system has no random bytes"))?;
    let expires_at = to_timestamp(expires_at);
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(Ticket { ticket, expires_at }))
}

fn last_event_cursor(request: &HttpRequest) -> Option<EventCursor> {
    last_event_id(request)?.parse().ok()
}

fn last_event_id(request: &HttpRequest) -> Option<&str> {
    request.headers().get(LAST_EVENT_ID)?.to_str().ok()
}

fn respond(state: &AppState, subscription: Subscription, open: StreamPermit) -> HttpResponse {
    let reader = Reader {
        subscription,
        lifecycle: state.lifecycle.clone(),
        prefix: state.settings.path_prefix.clone(),
        begun: false,
        over: false,
        _present: GaugeGuard::new(metrics::gauge!(names::EVENT_STREAMS)),
        _open: open,
    };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Compression would hold events back until a block is full, as would a proxy's buffer.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(stream::unfold(reader, |mut reader| async move {
            let chunk = reader.next().await?;
            Some((Ok::<_, actix_web::Error>(chunk), reader))
        }))
}

/// Turns what a subscription tells into the lines of a stream, when the client takes them.
struct Reader {
    subscription: Subscription,
    lifecycle: Lifecycle,
    prefix: String,
    begun: bool,
    over: bool,
    _present: GaugeGuard,
    _open: StreamPermit,
}

/// Why a reader writes.
enum Next {
    Message(Option<StreamMessage>),
    Silence,
    Ending,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(retry(RECONNECT_AFTER));
        }
        let next = tokio::select! {
            message = self.subscription.next() => Next::Message(message),
            () = tokio::time::sleep(HEARTBEAT) => Next::Silence,
            () = self.lifecycle.stopping() => Next::Ending,
        };
        match next {
            Next::Message(message) => message.map(|message| self.lines(message)),
            Next::Silence => {
                self.subscription.check_inactive_job().await;
                Some(Bytes::from_static(b": still here\n\n"))
            }
            Next::Ending => {
                self.over = true;
                Some(retry(RECONNECT_AFTER))
            }
        }
    }

    fn lines(&self, message: StreamMessage) -> Bytes {
        match message {
            StreamMessage::Snapshot { cursor, body } => event("snapshot", &cursor.to_string(), &body),
            StreamMessage::Event { cursor, event: happened } => {
                let last = if self.subscription.has_ended() { LAST } else { "" };
                event(happened.change.name(), &format!("{cursor}{last}"), &happened.data)
            }
            StreamMessage::Failed(error) => {
                let problem = Problem::from(error);
                let document = serde_json::to_vec(&problem.document("", &self.prefix)).unwrap_or_default();
                event("error", "", &document)
            }
        }
    }
}

fn retry(after: Duration) -> Bytes {
    format!("retry: {}\n\n", after.as_millis()).into()
}

/// One event; its data is JSON of ours, which has no line breaks. Without an id a browser forgets the last one and begins anew.
fn event(name: &str, id: &str, data: &[u8]) -> Bytes {
    let mut lines = format!("id: {id}\nevent: {name}\ndata: ").into_bytes();
    lines.extend_from_slice(data);
    lines.extend_from_slice(b"\n\n");
    lines.into()
}
