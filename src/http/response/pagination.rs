//! Pagination links (RFC 8288).

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// Adds a `Link` header to the next page: the same request with `parameter` set to `value`.
pub fn add_next_link(response: &mut HttpResponse, request: &HttpRequest, parameter: &str, value: &str) {
    let kept = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != parameter);
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair(parameter, value).finish();
    // A reference without a path is relative to the URL of the request, whatever prefix a proxy has added to it.
    if let Ok(link) = HeaderValue::from_str(&format!("<?{query}>; rel=\"next\"")) {
        response.headers_mut().insert(header::LINK, link);
    }
}
