//! `If-Match` request header extractor (RFC 9110 §13.1.1), for requests that change something.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, EntityTag, Header};
use actix_web::{FromRequest, HttpRequest};

use crate::http::problem::Problem;

/// Precondition of a request.
#[derive(Debug)]
pub enum IfMatch {
    /// None, or `*`: the resource exists if the request can be carried out.
    Any,
    /// The resource has one of these entity tags; of a malformed header, none.
    Tags(Vec<EntityTag>),
}

impl IfMatch {
    /// Checks the precondition against the entity tag of the resource. Tags are compared weakly, since the API gives out weak ones only.
    ///
    /// # Errors
    /// 412: it has another one.
    pub fn check(&self, etag: &str) -> Result<(), Problem> {
        let Self::Tags(tags) = self else { return Ok(()) };
        let current = etag.parse::<EntityTag>().ok();
        let matches = current.is_some_and(|current| tags.iter().any(|tag| tag.weak_eq(&current)));
        if matches { Ok(()) } else { Err(Problem::precondition_failed("the job has another entity tag")) }
    }

    /// Checks the precondition of a resource that has no entity tag.
    ///
    /// # Errors
    /// 412: the request demands one.
    pub fn check_untagged(&self) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Tags(_) => {
                Err(Problem::precondition_failed("this request creates a resource: none has an entity tag yet"))
            }
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::IF_MATCH) {
            return ready(Ok(Self::Any));
        }
        ready(Ok(match header::IfMatch::parse(request) {
            Ok(header::IfMatch::Any) => Self::Any,
            Ok(header::IfMatch::Items(tags)) => Self::Tags(tags),
            Err(_) => Self::Tags(Vec::new()),
        }))
    }
}
