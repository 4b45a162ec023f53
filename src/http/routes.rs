//! Every route of the gateway, on one page.

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, Resource, Route, guard};

use super::middleware::catch_panic;
use super::problem::Problem;
use super::{Api, companies, docs, events, jobs, logs, ops, ui};

/// Registers the routes of `api`.
pub fn configure(config: &mut ServiceConfig, api: web::Data<Api>) {
    let prefix = api.prefix.clone();
    config.app_data(api);
    config.service(
        web::scope(&prefix)
            .service(at("/jobs").route(get().to(jobs::list)).route(web::post().to(jobs::submit)))
            .service(at("/jobs/events").route(get().to(events::of_company)))
            .service(at("/jobs/events/tickets").route(web::post().to(events::ticket)))
            .service(at("/jobs/{job}").route(get().to(jobs::read)).route(web::delete().to(jobs::delete)))
            .service(at("/jobs/{job}/stop").route(web::post().to(jobs::stop)))
            .service(at("/jobs/{job}/pause").route(web::post().to(jobs::pause)))
            .service(at("/jobs/{job}/resume").route(web::post().to(jobs::resume)))
            .service(at("/jobs/{job}/execute").route(web::post().to(jobs::execute)))
            .service(at("/jobs/{job}/events").route(get().to(events::of_job)))
            .service(at("/jobs/{job}/log").route(get().to(logs::of_job)))
            .service(at("/job-logs").route(get().to(logs::history)))
            .service(at("/assets/{assetHandle}/job-logs").route(get().to(logs::of_asset)))
            .service(at("/companies").route(get().to(companies::list)))
            .service(at("/companies/{company}").route(get().to(companies::read)))
            .service(at("/openapi.json").route(get().to(docs::openapi_3_1)))
            .service(at("/openapi-3.0.json").route(get().to(docs::openapi_3_0)))
            .service(at("/openapi-3.2.json").route(get().to(docs::openapi_3_2)))
            .service(at("").route(get().to(ui::to_folder)))
            .service(at("/").route(get().to(ui::board)))
            .service(at("/board/{file}").route(get().to(ui::board_file)))
            .service(at("/swagger-ui").route(get().to(ui::to_folder)))
            .service(at("/swagger-ui/{file:.*}").route(get().to(ui::swagger_ui)))
            .service(at("/problems").route(get().to(ui::problems)))
            .service(at("/problems/{code}").route(get().to(ui::problem)))
            .service(at("/livez").route(get().to(ops::livez)))
            .service(at("/readyz").route(get().to(ops::readyz)))
            .service(at("/metrics").route(get().to(ops::metrics)))
            .default_service(web::to(nothing_here)),
    );
    config.default_service(web::to(nothing_here));
}

/// A resource; methods that it doesn't have are answered with 405 and `Allow`.
fn at(
    path: &str,
) -> Resource<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + 'static,
> {
    web::resource(path.to_owned()).wrap(from_fn(catch_panic))
}

/// What can be read with GET can be asked for with HEAD.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::not_found())
}
