//! Origin of the page that makes a request (RFC 6454, W3C Fetch Metadata).

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Relation of the page to the gateway.
pub const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What the request is for: `navigate` if the browser shows its response.
pub const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Whether a request is of a page of the gateway itself, or the navigation of the user, such as by the address bar. A browser that does not
/// say which, as on an address without TLS, names the page in `Origin` or `Referer`. A request that says nothing is of no page.
pub fn is_of_own_page(method: &Method, headers: &HeaderMap) -> bool {
    let origin = origin_of(headers);
    // A sandboxed page has the opaque origin `null`.
    let is_opaque = origin == Some("null");
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin") => !is_opaque,
        Some(b"none") => {
            let is_navigation = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
            is_navigation && [Method::GET, Method::HEAD].contains(method) && origin.is_none()
        }
        Some(_) => false,
        None => origin.or_else(|| headers.get(header::REFERER).map(text)).is_some_and(|page| is_own(page, headers)),
    }
}

/// Returns the value of `Origin`; `None` without one.
pub fn origin_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(text)
}

/// Whether an origin, or the URL of a page, is of the host of the request itself: TLS may end at a proxy, so that the scheme does not count.
pub fn is_own(page: &str, headers: &HeaderMap) -> bool {
    let Some((scheme, rest)) = page.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = headers.get(header::HOST).map(text).unwrap_or_default();
    let without_default_port = |text: &str| {
        let default = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
        text.strip_suffix(default).unwrap_or(text).to_ascii_lowercase()
    };
    !host.is_empty() && without_default_port(authority) == without_default_port(host)
}

/// Returns the text of a header; `null`, the opaque origin, if it has other characters than printable ASCII.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("null")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_own_page(method: &Method, headers: &[(&str, &str)]) -> bool {
        let request = TestRequest::default().append_header(("Host", "gateway.example.com"));
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        is_of_own_page(method, request.to_http_request().headers())
    }

    #[test]
    fn a_page_of_the_gateway_is_known_by_fetch_metadata_else_by_its_origin_or_referrer() {
        for method in [Method::GET, Method::POST] {
            for own in [
                ("Sec-Fetch-Site", "same-origin"),
                ("Origin", "https://gateway.example.com"),
                ("Origin", "http://Gateway.example.com:80"),
                ("Referer", "https://gateway.example.com/ips/?job=1"),
            ] {
                assert!(is_own_page(&method, &[own]), "{own:?}");
            }
        }
    }

    #[test]
    fn a_navigation_of_the_user_may_only_read() {
        let navigation = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")];
        assert!(is_own_page(&Method::GET, &navigation));
        assert!(!is_own_page(&Method::POST, &navigation));
        assert!(!is_own_page(&Method::GET, &navigation[..1]), "not a navigation");
    }

    #[test]
    fn other_sites_and_requests_of_no_page_are_not_of_the_gateway() {
        assert!(!is_own_page(&Method::GET, &[]), "not a page");
        for foreign in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Sec-Fetch-Site", "something-new"),
            ("Origin", "null"),
            ("Origin", "https://gateway.example.com.evil.example"),
            ("Origin", "https://gateway.example.com:8443"),
            ("Referer", "https://evil.example/https://gateway.example.com/"),
            ("Referer", "https://gateway.example.com@evil.example/"),
            ("Referer", "gateway.example.com"),
        ] {
            assert!(!is_own_page(&Method::GET, &[foreign]), "{foreign:?}");
        }
        let own_referrer = ("Referer", "https://gateway.example.com/");
        for foreign in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
            assert!(!is_own_page(&Method::GET, &[own_referrer, foreign]), "{foreign:?}");
        }
        assert!(!is_own_page(&Method::POST, &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")]), "sandboxed");
    }
}
