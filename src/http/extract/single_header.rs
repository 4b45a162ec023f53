//! Request headers that must not be repeated.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::http::problem::Problem;

/// Returns the value of a header that must not be repeated: a proxy might have checked another value than the one used here.
///
/// # Errors
/// 400: there are several headers with this name.
pub fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Problem::bad_request(format!("the request has several `{name}` headers"))),
    }
}
