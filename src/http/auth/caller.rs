//! Extractors of the authenticated caller.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::authenticator::Role;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::upstream::Caller;

/// Whoever calls, to look at something.
pub struct Authenticated(pub Caller);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request).map(|(caller, _)| Self(caller)))
    }
}

/// Whoever calls, to change something.
pub struct Operator(pub Caller);

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match authenticate(request) {
            Ok((caller, Role::Operator)) => Ok(Self(caller)),
            Ok((_, Role::Viewer)) => Err(Problem::viewers_only_look()),
            Err(problem) => Err(problem),
        })
    }
}

/// Who is calling, and as what. It is found out once for each request.
pub fn authenticate(request: &HttpRequest) -> Result<(Caller, Role), Problem> {
    if let Some(known) = request.extensions().get::<(Caller, Role)>() {
        return Ok(known.clone());
    }
    let state = request
        .app_data::<web::Data<AppState>>()
        .ok_or_else(|| Problem::internal("a route without its surroundings"))?;
    let known = state.access.authenticate(request)?;
    request.extensions_mut().insert(known.clone());
    Ok(known)
}
