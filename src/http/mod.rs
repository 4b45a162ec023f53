//! HTTP API: routes, extractors, middleware, problem documents, OpenAPI document and web UI.

mod auth;
mod background;
mod body_budget;
mod early_response;
mod extract;
mod handlers;
mod middleware;
pub mod openapi;
mod problem;
mod request_context;
mod response;
mod routes;
mod ui;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Data;

pub use auth::{
    ApiKeys, Auth, Authenticator, InvalidKeys, KeyStore, KnownCallers, PrincipalNames, Sessions, StreamQuota, Tickets,
    new_key,
};
pub use background::BackgroundTasks;
pub use body_budget::BodyBudget;
pub use early_response::respond_to_unparsed;
pub use handlers::openapi::Documents;
pub use middleware::{Auditor, ContextProvider, RateLimiter, RequestChecks, cors};
pub use problem::{PROBLEM_KINDS, ProblemKind};
pub use routes::{API_PATHS, configure, openapi_document};
pub use ui::{DemoUser, Environment, SignInMethod, UiAssets, UiConfig};

use crate::config::IdempotencyKeyRequirement;
use crate::jobs::{CompanyChoice, Error, Jobs};
use crate::runtime::clock::Clock;
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::audit::AuditOutcome;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Caller;
use background::TaskFailed;
use problem::{ChangeOutcome, Problem};
use request_context::RequestContext;
pub use request_context::Role;

/// Extractors and header parsers, for the fuzz targets.
#[cfg(fuzzing)]
pub mod extractors {
    pub use super::extract::{CacheControl, CompanyQuery, IdempotencyHeader, JobPath, LastEventId};
    pub use super::handlers::history::list::JobLogsParams;
    pub use super::handlers::jobs::JobsParams;
    pub use super::handlers::logs::{AssetLogsParams, LogParams};
    pub use super::handlers::submit::SubmitParams;
    pub use super::response::cache_headers::{is_not_modified, prefers_gzip};
}

/// Application state: shared by all handlers and extractors of all workers.
pub struct AppState {
    /// Jobs of IPS: reads, mutations and subscriptions.
    pub(crate) jobs: Arc<Jobs>,
    /// Authentication of callers, tickets and stream quota.
    pub(crate) auth: Auth,
    /// Settings of the HTTP API.
    pub(crate) settings: HttpSettings,
    /// Wall clock.
    pub(crate) clock: Clock,
    /// Phase of the shutdown.
    pub(crate) lifecycle: Lifecycle,
    /// Background tasks, such as mutations.
    pub(crate) background: BackgroundTasks,
    /// Memory budget of the bodies of all requests in flight.
    pub(crate) body_budget: BodyBudget,
    /// Metrics of the process.
    pub(crate) metrics: Metrics,
    /// OpenAPI documents.
    pub(crate) documents: Documents,
    /// Files of the web UI.
    pub(crate) ui: UiAssets,
}

/// Settings of the HTTP API.
pub struct HttpSettings {
    /// Freshness lifetime of snapshots: `ttl` in `Cache-Status`, and `Retry-After` of jobs that are not final.
    pub freshness_lifetime: Duration,
    /// Path prefix of all routes: empty, or `/` and segments.
    pub path_prefix: String,
    /// Maximum time until the body of a request is complete; then 408.
    pub body_timeout: Duration,
    /// Interval of comments in an event stream without events; proxies close idle connections.
    pub heartbeat: Duration,
    /// Whether a submit without `Idempotency-Key` is refused.
    pub idempotency_keys: IdempotencyKeyRequirement,
}

impl AppState {
    /// Returns the state of the app that serves `request`.
    ///
    /// # Errors
    /// Internal error: the app was built without state.
    fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        let state = request.app_data::<Data<Self>>();
        state.map(|state| &***state).ok_or_else(|| Problem::internal("the app has no state"))
    }

    /// Runs a read as a background task and returns its result: a client that disconnects doesn't cancel it, since other requests may share
    /// it. The shutdown doesn't wait for it.
    ///
    /// # Errors
    /// The problem of the read's error; an internal error if the task panicked.
    fn run_in_background<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        read: F,
    ) -> impl Future<Output = Result<T, Problem>> + use<T, F> {
        flatten(self.background.spawn(read))
    }

    /// Runs a mutation as a background task and returns its result: a client that disconnects doesn't cancel it, and the shutdown waits for
    /// it. The audit log gets its outcome, and the `job_id` of its result.
    ///
    /// # Errors
    /// The problem of the mutation's error; an internal error if the task panicked.
    fn run_mutation<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        mutation: F,
        job_id: fn(&T) -> Option<&str>,
    ) -> impl Future<Output = Result<T, Problem>> + use<T, F> {
        let audit = RequestContext::current().audit.clone();
        let audited = async move {
            let Some(audit) = audit else { return mutation.await.map_err(Problem::from) };
            // Until it is known, also if the task panics.
            audit.conclude(AuditOutcome::Unknown, None);
            let result = mutation.await.map_err(Problem::from);
            match &result {
                Ok(changed) => audit.conclude(AuditOutcome::Accepted, job_id(changed)),
                Err(problem) => audit.conclude(problem.outcome_of_mutation().into(), problem.job()),
            }
            result
        };
        let task = self.background.spawn_tracked(audited);
        async move { task.await.map_err(|error| Problem::internal(error.to_string()))? }
    }

    /// Resolves the company of a request to its handle.
    ///
    /// # Errors
    /// No such company, several to choose from, not permitted, or IPS failed.
    async fn resolve_company(&self, caller: &Caller, choice: CompanyChoice) -> Result<String, Problem> {
        if let Some(company) = self.jobs.companies().resolve_cached(caller, &choice) {
            return Ok(company);
        }
        let (jobs, caller) = (self.jobs.clone(), caller.clone());
        self.run_in_background(async move { jobs.companies().resolve(&caller, &choice).await }).await
    }
}

/// Returns the result of a background task as that of a handler.
async fn flatten<T>(task: impl Future<Output = Result<Result<T, Error>, TaskFailed>>) -> Result<T, Problem> {
    task.await.map_err(|error| Problem::internal(error.to_string()))?.map_err(Problem::from)
}

impl From<ChangeOutcome> for AuditOutcome {
    fn from(outcome: ChangeOutcome) -> Self {
        match outcome {
            ChangeOutcome::NotSent => Self::NotSent,
            ChangeOutcome::Unknown => Self::Unknown,
            ChangeOutcome::Rejected => Self::Rejected,
        }
    }
}
