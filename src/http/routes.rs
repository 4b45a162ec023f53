//! Routes: the table of API operations, from which the router and the OpenAPI document are generated, and the routes of the web UI.

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, delete, post};
use actix_web::{Error, Resource, Route, guard};
use serde_json::Value;
use utoipa::OpenApi as _;

use super::middleware::catch_panic;
use super::problem::Problem;
use crate::http::handlers::history::{list as history, statistics};
use crate::http::handlers::{
    companies, events, health, job_actions, jobs, logs, openapi as documents, publish_queue, results, retry, session,
    submit,
};
use crate::http::{AppState, openapi, ui};

/// Declares the API operations. Each row becomes a resource of the router and a path of the OpenAPI document, so that both have the same
/// operations.
///
/// utoipa-actix-web isn't used: it registers each handler as a resource of its own, and such resources answer a wrong method with 404 instead
/// of 405.
macro_rules! api_operations {
    ($($path:literal => $($method:ident $module:ident::$handler:ident),+;)+) => {
        /// Paths of the API operations, below the path prefix.
        pub const API_PATHS: &[&str] = &[$($path),+];

        fn add_api_operations(config: &mut ServiceConfig, path_prefix: &str) {
            $(config.service(resource(path_prefix, $path)$(.route($method().to($module::$handler)))+);)+
        }

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($module::$handler),+),+))]
        struct ApiOperations;
    };
}

api_operations! {
    "/jobs" => get jobs::list, post submit::submit;
    "/jobs/validate" => post submit::validate;
    "/jobs/events" => get events::of_company;
    "/jobs/events/tickets" => post events::ticket;
    "/jobs/{job}/events" => get events::of_job;
    "/jobs/{job}" => get jobs::read, delete job_actions::delete;
    "/jobs/{job}/stop" => post job_actions::stop;
    "/jobs/{job}/pause" => post job_actions::pause;
    "/jobs/{job}/resume" => post job_actions::resume;
    "/jobs/{job}/execute" => post job_actions::execute;
    "/jobs/{job}/log" => get logs::of_job;
    "/jobs/{job}/results" => get results::read;
    "/jobs/{job}/retry" => post retry::retry;
    "/publish-queue" => get publish_queue::read;
    "/job-logs" => get history::list;
    "/job-stats" => get statistics::read;
    "/assets/{assetHandle}/job-logs" => get logs::of_asset;
    "/companies" => get companies::list;
    "/companies/{company}" => get companies::read;
    "/session" => get session::read, post session::create, delete session::end;
    "/livez" => get health::livez;
    "/readyz" => get health::readyz;
    "/metrics" => get health::metrics;
}

/// Generates the OpenAPI 3.1 document of the API operations. What is served is [`openapi::committed`].
#[must_use]
pub fn openapi_document() -> Value {
    openapi::document(ApiOperations::openapi())
}

/// Registers the state and all routes, below the path prefix. Not in a scope, which would route each request a second time.
pub fn configure(config: &mut ServiceConfig, state: web::Data<AppState>) {
    let prefix = state.settings.path_prefix.clone();
    config.app_data(state);
    add_api_operations(config, &prefix);
    config
        .service(resource(&prefix, "/openapi.json").route(get().to(documents::openapi_3_1)))
        .service(resource(&prefix, "/openapi-3.0.json").route(get().to(documents::openapi_3_0)))
        .service(resource(&prefix, "/openapi-3.2.json").route(get().to(documents::openapi_3_2)))
        .service(resource(&prefix, "/").route(get().to(ui::board)))
        .service(resource(&prefix, "/board/{path:.*}").route(get().to(ui::board_file)))
        .service(resource(&prefix, "/swagger-ui").route(get().to(ui::redirect_to_directory)))
        .service(resource(&prefix, "/swagger-ui/{path:.*}").route(get().to(ui::swagger_ui)))
        .service(resource(&prefix, "/problems").route(get().to(ui::problems)))
        .service(resource(&prefix, "/problems/{code}").route(get().to(ui::problem)));
    if !prefix.is_empty() {
        config.service(resource(&prefix, "").route(get().to(ui::redirect_to_directory)));
    }
    config.default_service(web::to(not_found));
}

/// Creates the resource of a path below the path prefix. It answers methods without a route with 405 and `Allow`.
fn resource(
    path_prefix: &str,
    path: &str,
) -> Resource<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + 'static,
> {
    web::resource(format!("{path_prefix}{path}")).wrap(from_fn(catch_panic))
}

/// Creates a route for GET and HEAD.
fn get() -> Route {
    // actix's method guards register their method in each request, for the `Allow` of a 405: not needed if the route is found.
    let is_read = guard::fn_guard(|context| matches!(context.head().method, Method::GET | Method::HEAD));
    web::route().guard(guard::Any(is_read).or(guard::Get()).or(guard::Head()))
}

async fn not_found() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::not_found())
}
