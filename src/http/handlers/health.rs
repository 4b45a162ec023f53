//! `/livez`, `/readyz` and `/metrics`: health checks and metrics.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::AppState;
use crate::http::auth::KeyFileValidity;
use crate::http::extract::Query;
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::to_timestamp;
use crate::upstream::{OmittedField, ServiceAccountState};

/// Health of the gateway.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: the response of an unhealthy gateway is a problem document.
    status: &'static str,
    /// State of the dependencies; only with `verbose`. They do not affect the readiness.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    checks: Option<Checks>,
}

/// State of the dependencies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// Version of the gateway.
    version: &'static str,
    /// State of IPS, from the latest calls.
    upstream: UpstreamCheck,
    /// Number of cached snapshots.
    snapshots: u64,
    /// State of the store that replicas share; absent if none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shared_store: Option<SharedStoreCheck>,
    /// State of the file of API keys; absent without API keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    api_keys: Option<ApiKeysCheck>,
    /// State of the credentials of the service account; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    service_account: Option<ServiceAccountCheck>,
}

/// State of the credentials of the service account.
#[derive(Serialize, ToSchema)]
pub struct ServiceAccountCheck {
    /// Result of the latest call with them. `accepted` · `rejected`: all calls of callers with an API key fail · `unknown`: IPS has not answered one yet
    credentials: &'static str,
}

impl From<ServiceAccountState> for ServiceAccountCheck {
    fn from(state: ServiceAccountState) -> Self {
        Self {
            credentials: match state {
                ServiceAccountState::Accepted => "accepted",
                ServiceAccountState::Rejected => "rejected",
                ServiceAccountState::Unknown => "unknown",
            },
        }
    }
}

/// State of the file of API keys.
#[derive(Serialize, ToSchema)]
pub struct ApiKeysCheck {
    /// Whether the file was valid when it was last read. If not, the keys of the last valid one are in use.
    valid: bool,
}

/// State of IPS, from the latest calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamCheck {
    /// State of the circuit breaker. `closed`: calls are made · `open`: too many calls failed, so none are made for some seconds · `half_open`: one call probes whether IPS works again
    circuit: &'static str,
    /// Number of companies, counted for each caller, about which no calls are made because answers about them could not be read.
    suspended_companies: usize,
    /// Time of the last response of IPS, faults included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_success: Option<Timestamp>,
    /// Time of the last call without a response that could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_failure: Option<Timestamp>,
    /// Number of calls in flight.
    in_flight: usize,
    /// Number of calls that wait for a free slot.
    waiting: usize,
    /// Fields that the gateway leaves out of its own calls to IPS.
    omitted_fields: Vec<OmittedFieldCheck>,
}

/// Field that the gateway leaves out of its own calls to IPS.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OmittedFieldCheck {
    /// Operation of IPS.
    operation: &'static str,
    /// Name of the field.
    field: &'static str,
    /// Reason. `lacked`: the API version lacks the field · `unknown`: the API version may lack it · `refused`: IPS refused it
    reason: &'static str,
}

impl From<OmittedField> for OmittedFieldCheck {
    fn from(OmittedField { operation, field, reason }: OmittedField) -> Self {
        Self { operation, field, reason: reason.code() }
    }
}

/// State of the store that replicas share.
#[derive(Serialize, ToSchema)]
pub struct SharedStoreCheck {
    /// Whether the store is available. If not, this replica works without it until it is.
    up: bool,
    /// Kind of failure, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trouble: Option<&'static str>,
}

impl Checks {
    fn of(state: &AppState) -> Self {
        let health = state.jobs.upstream_health();
        let upstream = UpstreamCheck {
            circuit: health.circuit.code(),
            suspended_companies: health.suspended_companies,
            last_success: health.last_success.map(to_timestamp),
            last_failure: health.last_failure.map(to_timestamp),
            in_flight: health.in_flight,
            waiting: health.queued,
            omitted_fields: state.jobs.omitted_fields().into_iter().map(Into::into).collect(),
        };
        let store = state.jobs.store_health();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            upstream,
            snapshots: state.jobs.snapshot_count(),
            api_keys: state
                .auth
                .authenticator
                .key_file_validity()
                .map(|validity| ApiKeysCheck { valid: validity == KeyFileValidity::Valid }),
            service_account: state.auth.authenticator.service_account().map(|_| health.service_account.into()),
            shared_store: store.map(|store| SharedStoreCheck { up: store.up, trouble: store.error_kind }),
        }
    }
}

/// Options of the readiness check.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadinessParams {
    /// `verbose` or `verbose=true` adds the state of IPS, of the cache and of the shared store.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = bool, default = false, required = false)]
    verbose: Detail,
}

/// Level of detail of the readiness check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Detail {
    /// `status` only.
    #[default]
    Status,
    /// `status` and `checks`.
    Checks,
}

/// Deserializes a flag: a parameter without a value is `true`.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Detail, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" | "true" => Ok(Detail::Checks),
        "false" => Ok(Detail::Status),
        _ => Err(serde::de::Error::custom("expected true or false")),
    }
}

fn ok(checks: Option<Checks>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok", checks })
}

/// Check liveness
///
/// Responds while the process can serve requests. Makes no call to IPS.
#[utoipa::path(get, path = "/livez", operation_id = "getLiveness", tag = components::OPERATIONS, security(()),
    responses((status = 200, description = "The process is alive", body = Health), components::PublicProblemResponses))]
pub async fn livez() -> HttpResponse {
    ok(None)
}

/// Check readiness
///
/// Fails while the gateway shuts down. Makes no call to IPS, and does not depend on IPS or the shared store: while they are down, the
/// gateway serves stale data.
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = components::OPERATIONS, security(()), params(ReadinessParams),
    responses((status = 200, description = "The gateway accepts requests", body = Health), components::PublicProblemResponses))]
pub async fn readyz(state: Data<AppState>, params: Query<ReadinessParams>) -> Result<HttpResponse, Problem> {
    if state.lifecycle.is_draining() {
        return Err(Problem::not_ready());
    }
    Ok(ok((params.0.verbose == Detail::Checks).then(|| Checks::of(&state))))
}

/// Read metrics
///
/// Metrics in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = components::OPERATIONS, security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"), components::PublicProblemResponses))]
pub async fn metrics(state: Data<AppState>) -> HttpResponse {
    state.jobs.report_metrics();
    state.auth.tickets.report_metrics();
    state.body_budget.report_metrics();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render())
}
