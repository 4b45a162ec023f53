//! Target length middleware.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::http::problem::Problem;

/// Maximum length of path and query, in bytes.
const MAX_TARGET_BYTES: usize = 8 * 1024;

/// Refuses requests whose path and query are longer than `MAX_TARGET_BYTES` with 414.
///
/// # Errors
/// Those of the service.
pub async fn limit_target_length(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES) {
        return Ok(request.error_response(Problem::target_too_long(MAX_TARGET_BYTES)));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}
