//! Checks of a request before its route, and what they add to its response: content coding, rate limit, cross-site requests, length of the
//! target.
//!
//! One middleware instead of four, because each allocates futures for every request.

use std::sync::Arc;

use actix_http::encoding::Encoder;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, VARY};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::compression::{Negotiated, compress};
use super::cross_site::is_cross_site_change;
use super::rate_limit::{Decision, RateLimiter};
use crate::http::problem::Problem;

/// Maximum length of path and query, in bytes.
const MAX_TARGET_BYTES: usize = 8 * 1024;

/// Settings of the checks.
pub struct RequestChecks {
    /// Rate limiter; `None` without limit.
    pub rate_limiter: Option<RateLimiter>,
    /// Origins whose pages may change jobs; `*` stands for all.
    pub origins: Vec<String>,
}

impl RequestChecks {
    /// Refuses requests that accept no content coding with 406, those beyond the rate limit with 429, changes of pages of other sites with
    /// 403, and those with a too long target with 414. Adds the rate limit headers to the other responses, and compresses them.
    ///
    /// # Errors
    /// Those of the service.
    pub async fn check(
        self: Arc<Self>,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<EitherBody<Encoder<BoxBody>, BoxBody>>, Error> {
        let Some(coding) = Negotiated::of(&request).coding else {
            let mut refusal = HttpResponse::new(StatusCode::NOT_ACCEPTABLE);
            refusal.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            return Ok(request.into_response(refusal).map_into_right_body());
        };
        let limit = self.rate_limiter.as_ref().and_then(|limiter| Some((limiter, limiter.decide(&request)?)));
        let mut response = match self.refusal(limit.as_ref().map(|(_, decision)| decision), &request) {
            None => next.call(request).await?.map_into_boxed_body(),
            Some(problem) => request.error_response(problem),
        };
        if let Some((limiter, decision)) = limit {
            limiter.complete(&decision, &mut response);
        }
        Ok(compress(coding, response))
    }

    /// Returns the problem of a request that is refused.
    fn refusal(&self, limit: Option<&Decision>, request: &ServiceRequest) -> Option<Problem> {
        if let Some(wait) = limit.and_then(|decision| decision.retry_after) {
            return Some(Problem::too_many_requests("the caller exceeded its rate limit", wait));
        }
        if is_cross_site_change(request.method(), request.headers(), &self.origins) {
            return Some(Problem::cross_site());
        }
        let is_long = request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES);
        is_long.then(|| Problem::target_too_long(MAX_TARGET_BYTES))
    }
}
