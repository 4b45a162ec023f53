//! Problem body middleware: problem documents for error responses of the framework.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;

use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;

/// Headers that describe the replaced body, or that the problem sets itself.
const REPLACED_HEADERS: [HeaderName; 5] =
    [CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE];

/// Replaces the body of error responses that are not a `Problem`, such as 405 of a route, by the problem document of their status. Their
/// other headers stay.
///
/// # Errors
/// Those of the service.
pub async fn render_foreign_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    if problem.is_none() {
        let mut rendered = Problem::from_status(status).render(status, &RequestContext::current());
        for (name, value) in response.headers() {
            if !REPLACED_HEADERS.contains(name) {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
        }
        response = response.into_response(rendered);
    }
    // `identity`, which has kept the body from compression.
    response.headers_mut().remove(CONTENT_ENCODING);
    Ok(response)
}
