//! Guard against changes that pages of other sites cause (cross-site request forgery).

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderValue};

use crate::http::auth::{SEC_FETCH_SITE, is_own, origin_of};

/// Whether a request is a change of a page whose origin is neither that of the gateway nor one of `origins`. A browser that signed in by its
/// dialog would send the credentials with the form of any page. Requests that are not from a page have no such headers and are none.
pub fn is_cross_site_change(method: &Method, headers: &HeaderMap, origins: &[String]) -> bool {
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    !is_read && is_cross_site(headers, origins)
}

fn is_cross_site(headers: &HeaderMap, allowed: &[String]) -> bool {
    let origin = origin_of(headers);
    let is_allowed =
        |origin: &str| allowed.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin));
    if origin.is_some_and(is_allowed) {
        return false;
    }
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        // Of the browser itself, such as the address bar, or of a page of the gateway, whatever `Host` a proxy makes of it.
        Some(b"same-origin" | b"none") => origin == Some("null"),
        Some(_) => true,
        None => origin.is_some_and(|origin| !is_own(origin, headers)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_refused(headers: &[(&str, &str)]) -> bool {
        let request = headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
        is_cross_site(request.to_http_request().headers(), &["https://app.example.com".to_owned()])
    }

    #[test]
    fn only_pages_of_the_gateway_and_of_allowed_origins_make_changes() {
        let host = ("Host", "gateway.example.com");
        assert!(!is_refused(&[host]), "not a page");
        for own in ["https://gateway.example.com", "http://gateway.example.com", "https://Gateway.example.com:443"] {
            assert!(!is_refused(&[host, ("Origin", own)]), "{own}");
        }
        assert!(!is_refused(&[host, ("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")]));
        assert!(!is_refused(&[
            ("Host", "inner:8080"),
            ("Origin", "https://gateway.example.com"),
            ("Sec-Fetch-Site", "same-origin")
        ]));
        for foreign in [
            "https://evil.example.org",
            "null",
            "https://gateway.example.com:8443",
            "https://gateway.example.com.evil.example",
        ] {
            assert!(is_refused(&[host, ("Origin", foreign)]), "{foreign}");
        }
        for site in ["cross-site", "same-site", "something-new"] {
            assert!(is_refused(&[host, ("Sec-Fetch-Site", site)]), "{site}");
        }
        assert!(is_refused(&[host, ("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]), "a sandboxed page");
    }
}
