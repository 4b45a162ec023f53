//! Framework errors: problem documents for error responses of actix.

use actix_cors::CorsError;
use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE,
};

use crate::http::problem::Problem;

/// Headers that describe the replaced body, or that the problem sets itself.
const REPLACED_HEADERS: [HeaderName; 5] =
    [CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE];

/// Replaces an error response that is not a `Problem`, such as 405 of a route or a refused preflight, by the problem of its status. Its
/// other headers stay.
pub fn render_framework_error(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    let mut response = response.map_into_boxed_body();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.response().error();
    if error.and_then(|error| error.as_error::<Problem>()).is_none() {
        let problem = match error.and_then(|error| error.as_error::<CorsError>()) {
            Some(error) => Problem::bad_request(format!("CORS: {error}")),
            None => Problem::from_status(status),
        };
        let mut rendered = problem.error_response();
        for (name, value) in response.headers() {
            if !REPLACED_HEADERS.contains(name) {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
        }
        response = response.into_response(rendered);
    }
    // `identity`, which has kept the body from compression.
    response.headers_mut().remove(CONTENT_ENCODING);
    response
}
