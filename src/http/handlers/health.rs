//! For those who run the gateway.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::extract::Query;
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::to_timestamp;

/// How the gateway is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    status: &'static str,
    /// What it stands on; only when asked for with `verbose`. None of it makes a gateway unready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    checks: Option<Checks>,
}

/// What the gateway stands on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// The version of the gateway.
    version: &'static str,
    /// IPS, as it was when it was asked last.
    upstream: UpstreamCheck,
    /// How many snapshots are kept.
    snapshots: u64,
    /// The store that replicas share; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shared_store: Option<SharedStoreCheck>,
}

/// IPS, as it was when it was asked last.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamCheck {
    /// `closed`: it is asked · `open`: it failed too often lately and is given a rest · `half_open`: one call tries whether it is back
    circuit: &'static str,
    /// When it answered last, be it with a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_success: Option<Timestamp>,
    /// When a call last brought no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_failure: Option<Timestamp>,
    /// Calls under way.
    in_flight: usize,
    /// Calls that wait for their turn.
    waiting: usize,
}

/// The store that replicas share.
#[derive(Serialize, ToSchema)]
pub struct SharedStoreCheck {
    /// Whether it is in use; if not, this replica goes on alone until it is back.
    up: bool,
    /// One word for what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trouble: Option<&'static str>,
}

impl Checks {
    fn of(state: &AppState) -> Self {
        let seen = state.jobs.upstream_health();
        let upstream = UpstreamCheck {
            circuit: seen.circuit.code(),
            last_success: seen.last_success.map(to_timestamp),
            last_failure: seen.last_failure.map(to_timestamp),
            in_flight: seen.in_flight,
            waiting: seen.queued,
        };
        let shared = state.jobs.store_health();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            upstream,
            snapshots: state.jobs.snapshot_count(),
            shared_store: shared.map(|store| SharedStoreCheck { up: store.up, trouble: store.error_kind }),
        }
    }
}

/// How much to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadinessParams {
    /// Also tells how IPS, the cache and the shared store are: `verbose` or `verbose=true`.
    #[serde(default, deserialize_with = "switch")]
    #[param(value_type = bool, default = false, required = false)]
    verbose: Detail,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Detail {
    #[default]
    Status,
    Checks,
}

/// A parameter that is there, or says so.
fn switch<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Detail, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" | "true" => Ok(Detail::Checks),
        "false" => Ok(Detail::Status),
        _ => Err(serde::de::Error::custom("expected true or false")),
    }
}

fn ok(checks: Option<Checks>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok", checks })
}

/// Is the process alive?
///
/// Never asks IPS.
#[utoipa::path(get, path = "/livez", operation_id = "getLiveness", tag = components::OPERATIONS, security(()),
    responses((status = 200, description = "It is", body = Health), components::PublicProblemResponses))]
pub async fn livez() -> HttpResponse {
    ok(None)
}

/// Can it take requests?
///
/// Never asks IPS, nor depends on it or the shared store: when they are down, stale answers can still serve.
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = components::OPERATIONS, security(()), params(ReadinessParams),
    responses((status = 200, description = "It can", body = Health), components::PublicProblemResponses))]
pub async fn readyz(state: Data<AppState>, params: Query<ReadinessParams>) -> Result<HttpResponse, Problem> {
    if state.lifecycle.is_draining() {
        return Err(Problem::not_ready());
    }
    Ok(ok((params.0.verbose == Detail::Checks).then(|| Checks::of(&state))))
}

/// Read metrics
///
/// For Prometheus, in its text format.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = components::OPERATIONS, security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"), components::PublicProblemResponses))]
pub async fn metrics(state: Data<AppState>) -> HttpResponse {
    state.jobs.report_metrics();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render())
}
