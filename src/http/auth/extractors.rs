//! Extractors of the authenticated caller.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::http::AppState;
use crate::http::problem::Problem;
use crate::http::request_context::{Principal, RequestContext, Role};
use crate::upstream::Caller;

/// Authenticated caller of any role, for reads.
pub struct Authenticated(pub Arc<Caller>);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request).map(|principal| Self(principal.caller)))
    }
}

/// Authenticated caller with the role of an operator, for mutations; viewers get 403.
pub struct Operator(pub Arc<Caller>);

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request).and_then(|principal| match principal.role {
            Role::Operator => Ok(Self(principal.caller)),
            Role::Viewer => Err(Problem::operator_required()),
        }))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Principal, Problem> {
    AppState::of(request)?.auth.authenticator.authenticate(request)
}

/// Returns the role of the principal of the request that the current task handles; `Operator`, the role without restrictions, if it was not
/// authenticated.
pub fn current_role() -> Role {
    RequestContext::current().principal.get().map_or(Role::Operator, |principal| principal.role)
}
