//! Error responses: rendering of problems.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Renders the problem in the [`RequestContext`] of the current task.
    fn error_response(&self) -> HttpResponse {
        let context = RequestContext::current();
        if context.method.is_safe() { self.render(&context) } else { self.of_mutation().render(&context) }
    }
}

impl Problem {
    /// Renders the error response: the problem document and its headers.
    fn render(&self, context: &RequestContext) -> HttpResponse {
        let status = self.status_code();
        let document = self.document(context);
        // Strings and numbers are always serializable.
        let body = serde_json::to_string(&document).unwrap_or_default();
        let mut response = HttpResponse::build(status);
        response
            .content_type("application/problem+json")
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            // Excludes the body from compression; `render_framework_errors` removes it.
            .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")));
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up, at least 1.
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(codings) = self.accept_encoding {
            response.insert_header((header::ACCEPT_ENCODING, HeaderValue::from_static(codings)));
        }
        if status == StatusCode::UNAUTHORIZED
            && let Some(challenge) = context.challenge
        {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        }
        response.body(body)
    }
}
