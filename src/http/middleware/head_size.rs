//! Limits of the request target and of the headers.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::http::problem::Problem;

/// Maximum size of a request's headers, in bytes. The server also refuses a head that grows beyond it before it is complete.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Maximum length of a request's path and query, in bytes.
const MAX_TARGET_BYTES: usize = 8 * 1024;

/// Refuses requests with a target or headers larger than this API needs: 414 or 431.
///
/// # Errors
/// Those of the service.
pub async fn limit_head_size(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let refused = match (target, headers) {
        (MAX_TARGET_BYTES.., _) => Some(Problem::target_too_long(MAX_TARGET_BYTES)),
        (_, MAX_HEAD_BYTES..) => Some(Problem::headers_too_large()),
        _ => None,
    };
    match refused {
        Some(problem) => Ok(request.error_response(problem)),
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
}
