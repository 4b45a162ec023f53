//! For those who run the gateway.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::{Api, Stage, openapi};

/// How the gateway is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    status: &'static str,
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}

/// Is the process alive?
///
/// Never asks IPS.
#[utoipa::path(get, path = "/livez", operation_id = "getLiveness", tag = openapi::OPERATIONS, security(()),
    responses((status = 200, description = "It is", body = Health), openapi::ProblemsOfAnybody))]
pub async fn livez() -> HttpResponse {
    ok()
}

/// Can it take requests?
///
/// Never asks IPS: when IPS is down, stale answers can still serve.
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = openapi::OPERATIONS, security(()),
    responses((status = 200, description = "It can", body = Health), openapi::ProblemsOfAnybody))]
pub async fn readyz(api: Data<Api>) -> Result<HttpResponse, Problem> {
    if *api.stage.borrow() == Stage::Serving { Ok(ok()) } else { Err(Problem::not_ready()) }
}

/// Read metrics
///
/// For Prometheus, in its text format.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = openapi::OPERATIONS, security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"), openapi::ProblemsOfAnybody))]
pub async fn metrics(api: Data<Api>) -> HttpResponse {
    api.jobs.report();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(api.metrics.render())
}
