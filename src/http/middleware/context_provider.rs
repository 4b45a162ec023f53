//! Outermost middleware: request context, access log, request id, security headers and problem documents of every response.
//!
//! One middleware instead of four, because each allocates futures for every request.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::SET_COOKIE;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tokio::time::Instant;

use super::access_log::{NO_ROUTE, log_access};
use super::audit::Auditor;
use super::rate_limit::is_accepted;
use super::security_headers::add_security_headers;
use crate::http::auth::{Authenticator, InvalidSession, KnownCallers, RequestSession, Sessions};
use crate::http::problem::Problem;
use crate::http::request_context::{Principal, PrincipalCell, RequestContext, RequestId, X_REQUEST_ID};

/// Provider of request contexts.
pub struct ContextProvider {
    path_prefix: Arc<str>,
    /// Routes without variables: their path is their pattern. A few: comparing them is faster than hashing the path.
    routes: Vec<Arc<str>>,
    no_route: Arc<str>,
    authenticator: Arc<Authenticator>,
    sessions: Option<Arc<Sessions>>,
    auditor: Option<Auditor>,
}

impl ContextProvider {
    /// Creates a provider of contexts with this path prefix, with the challenges and principals of this authenticator and of these sessions,
    /// and with the records of this auditor. `paths` are the paths of routes below the prefix.
    #[must_use]
    pub fn new(
        path_prefix: &str,
        paths: &[&str],
        authenticator: Arc<Authenticator>,
        sessions: Option<Arc<Sessions>>,
        auditor: Option<Auditor>,
    ) -> Self {
        let without_variables = paths.iter().filter(|path| !path.contains('{'));
        let routes = without_variables.map(|path| format!("{path_prefix}{path}").into()).collect();
        Self { path_prefix: path_prefix.into(), routes, no_route: NO_ROUTE.into(), authenticator, sessions, auditor }
    }

    /// Returns the pattern of the route of a request.
    fn route_of(&self, request: &ServiceRequest) -> Arc<str> {
        let path = request.path();
        if let Some(route) = self.routes.iter().find(|route| ***route == *path) {
            return Arc::clone(route);
        }
        request.match_pattern().map_or_else(|| Arc::clone(&self.no_route), Into::into)
    }

    /// Handles a request in a `RequestContext` of its own, logs it, and adds `X-Request-Id` and the security headers to the response.
    ///
    /// # Errors
    /// Those of the service.
    pub async fn provide(
        self: Arc<Self>,
        known: Rc<KnownCallers>,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let received = Instant::now();
        let route = self.route_of(&request);
        let (request_id, principal) = (RequestId::of(request.headers()), PrincipalCell::default());
        let session = self.session(&request, &principal).await;
        let new_caller = self.authenticate(&known, received, &request, &principal);
        let context = Rc::new(RequestContext {
            audit: self.auditor.as_ref().and_then(|auditor| auditor.start(&request, &route, &request_id, &principal)),
            principal,
            request_id,
            received,
            method: request.method().clone(),
            path_prefix: Arc::clone(&self.path_prefix),
            target: request.uri().clone(),
            challenge: Some(self.authenticator.challenge(request.headers())),
        });
        let request_id = context.request_id.header_value();
        let mut response = context.scope(log_access(route, request, next)).await?;
        if let Some(caller) = new_caller
            && is_accepted(&caller, response.request())
        {
            known.insert(response.request().headers(), caller);
        }
        self.end_refused_session(&session, &mut response);
        add_security_headers(response.headers_mut());
        response.headers_mut().insert(X_REQUEST_ID, request_id);
        Ok(response)
    }

    /// Finds the session of a request, and makes its principal that of the request.
    async fn session(&self, request: &ServiceRequest, principal: &PrincipalCell) -> RequestSession {
        let Some(sessions) = &self.sessions else { return RequestSession::Absent };
        if !Sessions::may_have_session(request.headers()) {
            return RequestSession::Absent;
        }
        // Boxed: few requests have a session, and the future of all of them would be larger.
        let session = Box::pin(sessions.of_request(request.request(), &self.authenticator)).await;
        match &session {
            RequestSession::Absent => {}
            RequestSession::Invalid => drop(request.extensions_mut().insert(InvalidSession)),
            RequestSession::Valid(owner) => principal.set(owner.clone()),
        }
        session
    }

    /// Removes the cookie of a session that is not valid, or whose credentials IPS rejects.
    fn end_refused_session(&self, session: &RequestSession, response: &mut ServiceResponse<BoxBody>) {
        let is_refused = match session {
            RequestSession::Absent => false,
            RequestSession::Invalid => true,
            RequestSession::Valid(_) => {
                let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
                problem.is_some_and(Problem::rejects_credentials)
            }
        };
        if is_refused && let Some(sessions) = &self.sessions {
            let cookie = sessions.expire(response.request());
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }

    /// Finds the principal of a request. Whether the request needs one is for its handler to decide. Returns it if it is one that becomes known
    /// when IPS accepts its credentials.
    fn authenticate(
        &self,
        known: &KnownCallers,
        received: Instant,
        request: &ServiceRequest,
        principal: &PrincipalCell,
    ) -> Option<Principal> {
        // What an API key permits may change at any time.
        let is_constant = self.authenticator.service_account().is_none();
        if is_constant && let Some(found) = known.get(request.headers(), received) {
            principal.set(found);
            return None;
        }
        let authenticated = self.authenticator.authenticate_as(principal, request.request());
        authenticated.ok().filter(|_| is_constant)
    }
}
