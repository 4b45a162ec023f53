//! The HTTP API: routes on one page, handlers of a few lines, errors from one table.

mod auth;
mod extract;
mod handlers;
mod middleware;
pub mod openapi;
mod problem;
mod response;
mod routes;
mod ui;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

pub use auth::{Access, ApiKeys, InvalidKeys, Tickets, new_key};
pub use extract::BodyBudget;
pub use handlers::docs::Documents;
pub use middleware::{Limits, cors, finish, limit, limit_target_length, trail};
pub use problem::{KINDS, Kind, respond_to_unparsed};
pub use routes::{configure, openapi_document};
pub use ui::{DemoUser, Environment, SignInMethod, UiAssets, UiConfig};

use crate::config::IdempotencyKeys;
use crate::jobs::{CompanyChoice, Error, Jobs};
use crate::runtime::clock::Clock;
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::span;
use crate::upstream::Caller;
use problem::Problem;

/// Extractors and header parsers, for the fuzz targets.
#[cfg(fuzzing)]
pub mod extractors {
    pub use super::extract::{CacheControl, CompanyQuery, IdempotencyHeader, JobPath, LastEventId};
    pub use super::handlers::jobs::JobsParams;
    pub use super::handlers::logs::{AssetLogsParams, JobLogsParams, LogParams};
    pub use super::handlers::submit::SubmitParams;
    pub use super::response::cache_headers::{is_not_modified, prefers_gzip};
}

/// What every handler shares.
pub struct AppState {
    /// The jobs of IPS.
    pub jobs: Arc<Jobs>,
    /// How long a snapshot is fresh.
    pub fresh: Duration,
    /// What all paths begin with: empty, or `/` and something.
    pub prefix: String,
    /// Tells the time.
    pub clock: Clock,
    /// Where work runs that must not end with the request that began it.
    pub runtime: Handle,
    /// How callers are told apart.
    pub access: Access,
    /// Whether submits need an `Idempotency-Key`.
    pub idempotency_keys: IdempotencyKeys,
    /// What callers used of what they may.
    pub limits: Limits,
    /// The tickets for event streams that were given out.
    pub tickets: Tickets,
    /// Phase of the shutdown.
    pub lifecycle: Lifecycle,
    /// The work that goes on without the request that began it.
    pub effects: TaskTracker,
    /// Maximum time in which the body of a request has to arrive.
    pub body_timeout: Duration,
    /// Memory budget of the bodies of all requests in flight.
    pub body_budget: BodyBudget,
    /// Where metrics are collected.
    pub metrics: Metrics,
    /// The documents that are served.
    pub documents: Documents,
    /// Files of the web UI.
    pub ui: UiAssets,
}

impl AppState {
    /// Does the work of a request on a task of its own: a client that hangs up in the middle neither cancels it nor loses its effect.
    fn run<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, Problem>> + use<T, F> {
        // Spawned before the first await: the future of a handler, which is allocated with the request, doesn't hold the work as well.
        let done = self.effects.spawn_on(span::in_current_span(work), &self.runtime);
        async move {
            let done = done.await.map_err(|_| Problem::internal("the work on this request ended early"))?;
            done.map_err(Problem::from)
        }
    }

    /// The company that a request is about.
    async fn company(&self, caller: &Caller, choice: CompanyChoice) -> Result<String, Problem> {
        if let Some(company) = self.jobs.companies().resolve_cached(caller, &choice) {
            return Ok(company);
        }
        let (jobs, caller) = (self.jobs.clone(), caller.clone());
        self.run(async move { jobs.companies().resolve(&caller, &choice).await }).await
    }

    /// A path of the API as clients write it.
    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}
