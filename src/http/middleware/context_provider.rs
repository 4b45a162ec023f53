//! Outermost middleware: request context, access log, request id and security headers of every response.
//!
//! One middleware instead of three, because each allocates a future for every request.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;

use super::access_log::log_access;
use super::security_headers::add_security_headers;
use crate::http::auth::Authenticator;
use crate::http::request_context::{RequestContext, RequestId, X_REQUEST_ID};

/// Provider of request contexts.
pub struct ContextProvider {
    path_prefix: Arc<str>,
    authenticator: Arc<Authenticator>,
}

impl ContextProvider {
    /// Creates a provider of contexts with this path prefix and with the challenges of this authenticator.
    #[must_use]
    pub fn new(path_prefix: &str, authenticator: Arc<Authenticator>) -> Self {
        Self { path_prefix: path_prefix.into(), authenticator }
    }

    /// Handles a request in a `RequestContext` of its own, logs it, and adds `X-Request-Id` and the security headers to the response.
    ///
    /// # Errors
    /// Those of the service.
    pub async fn provide<B: MessageBody>(
        self: Arc<Self>,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        let context = RequestContext {
            request_id: RequestId::of(request.headers()),
            method: request.method().clone(),
            path_prefix: Arc::clone(&self.path_prefix),
            target: request.uri().clone(),
            challenge: Some(self.authenticator.challenge(request.headers())),
        };
        let request_id = HeaderValue::from_str(context.request_id.as_str());
        let mut response = context.scope(log_access(request, next)).await?;
        add_security_headers(response.headers_mut());
        if let Ok(request_id) = request_id {
            response.headers_mut().insert(X_REQUEST_ID, request_id);
        }
        Ok(response)
    }
}
