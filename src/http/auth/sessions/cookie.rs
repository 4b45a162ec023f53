//! Cookie of a session (RFC 6265bis): its name, its attributes, and the scheme by which the browser sent a request.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::content::LIFETIME;
use crate::config::TrustedProxies;

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Maximum length of name and value of a cookie, in bytes: browsers drop longer ones.
const MAX_COOKIE_BYTES: usize = 4096;

/// Maker and reader of the cookies of sessions.
pub struct SessionCookies {
    path_prefix: String,
    trusted_proxies: TrustedProxies,
}

impl SessionCookies {
    /// Creates a maker of cookies for pages below this path prefix. `trusted_proxies` name the scheme of a request.
    pub fn new(path_prefix: String, trusted_proxies: TrustedProxies) -> Self {
        Self { path_prefix, trusted_proxies }
    }

    /// Returns the `Set-Cookie` of a response to `request` that stores a value; `None` if the value is too long for a cookie.
    pub fn set(&self, request: &HttpRequest, value: &str) -> Option<HeaderValue> {
        let name = self.name(request);
        let is_short = name.len() + "=".len() + value.len() <= MAX_COOKIE_BYTES;
        is_short.then(|| self.with_attributes(request, value, LIFETIME.as_secs()))
    }

    /// Returns the `Set-Cookie` of a response to `request` that removes the cookie.
    ///
    /// # Panics
    /// Never: the path prefix and the value have printable ASCII characters only.
    pub fn expire(&self, request: &HttpRequest) -> HeaderValue {
        self.with_attributes(request, "", 0)
    }

    /// Returns the value of the cookie in a request. Of several, the first one has the longest path.
    pub fn value<'a>(&self, request: &'a HttpRequest) -> Option<&'a str> {
        let name = self.name(request);
        let lines = request.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(other, value)| (other == name && !value.is_empty()).then_some(value))
    }

    /// Returns the name. A browser takes a cookie with the prefix `__Host-` only over TLS, from this host, and for all of its paths; one with
    /// `__Secure-` only over TLS.
    fn name(&self, request: &HttpRequest) -> &'static str {
        match (self.is_https(request), self.path_prefix.is_empty()) {
            (true, true) => "__Host-ips-gateway-session",
            (true, false) => "__Secure-ips-gateway-session",
            (false, _) => "ips-gateway-session",
        }
    }

    fn with_attributes(&self, request: &HttpRequest, value: &str, max_age: u64) -> HeaderValue {
        let name = self.name(request);
        let path = if self.path_prefix.is_empty() { "/" } else { &self.path_prefix };
        let secure = if self.is_https(request) { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(cookie).expect("printable ASCII characters")
    }

    /// Whether the browser sent the request over TLS, which ends at a trusted proxy.
    fn is_https(&self, request: &HttpRequest) -> bool {
        let is_proxied =
            request.peer_addr().is_some_and(|peer| self.trusted_proxies.contains(peer.ip().to_canonical()));
        is_proxied && forwarded_scheme(request.headers()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
    }
}

/// Returns the scheme in `X-Forwarded-Proto`, or in `Forwarded` (RFC 7239) if the request has no `X-Forwarded-Proto`: that of the proxy next to
/// the browser.
fn forwarded_scheme(headers: &HeaderMap) -> Option<&str> {
    let first = |name: &HeaderName| headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim);
    if headers.contains_key(&X_FORWARDED_PROTO) {
        return first(&X_FORWARDED_PROTO);
    }
    let pairs = first(&header::FORWARDED)?.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("proto").then_some(value))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn set_cookie(path_prefix: &str, peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().expect("a network")]);
        let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().expect("an address"));
        let request = headers.iter().fold(request, |request, header| request.append_header(*header)).to_http_request();
        SessionCookies::new(path_prefix.into(), proxies)
            .set(&request, "value")
            .expect("it is short")
            .to_str()
            .expect("ASCII")
            .to_owned()
    }

    #[test]
    fn a_cookie_is_secure_if_a_trusted_proxy_says_so() {
        let secure =
            "__Host-ips-gateway-session=value; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure".to_owned();
        let plain = "ips-gateway-session=value; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict".to_owned();
        for https in [
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Proto", "HTTPS, http"),
            ("Forwarded", "for=192.0.2.1;Proto=\"https\", for=10.0.0.2;proto=http"),
        ] {
            assert_eq!(set_cookie("", "10.0.0.1", &[https]), secure, "{https:?}");
            assert_eq!(set_cookie("", "192.0.2.1", &[https]), plain, "{https:?}");
        }
        assert_eq!(set_cookie("", "10.0.0.1", &[]), plain);
        assert_eq!(set_cookie("", "10.0.0.1", &[("X-Forwarded-Proto", "http"), ("Forwarded", "proto=https")]), plain);
        let below = set_cookie("/ips", "10.0.0.1", &[("X-Forwarded-Proto", "https")]);
        assert!(below.starts_with("__Secure-ips-gateway-session=value; Path=/ips; ") && below.ends_with("; Secure"));
        assert!(set_cookie("/ips", "192.0.2.1", &[]).starts_with("ips-gateway-session=value; Path=/ips; "));
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_name() {
        let cookies = SessionCookies::new(String::new(), TrustedProxies::default());
        let of = |lines: &[&str]| {
            let request =
                lines.iter().fold(TestRequest::default(), |request, line| request.append_header(("Cookie", *line)));
            cookies.value(&request.to_http_request()).map(str::to_owned)
        };
        assert_eq!(of(&["a=b; ips-gateway-session=one; c=d", "ips-gateway-session=two"]).as_deref(), Some("one"));
        assert_eq!(of(&["a=b", "c; ips-gateway-session=two"]).as_deref(), Some("two"));
        for other in ["", "ips-gateway-session", "ips-gateway-session=", "x-ips-gateway-session=one", "a=b"] {
            assert_eq!(of(&[other]), None, "{other:?}");
        }
        assert_eq!(of(&["__Host-ips-gateway-session=one"]), None, "it was set over TLS");
    }

    #[test]
    fn a_value_that_browsers_would_drop_is_not_set() {
        let cookies = SessionCookies::new(String::new(), TrustedProxies::default());
        let request = TestRequest::default().to_http_request();
        let longest = MAX_COOKIE_BYTES - "ips-gateway-session=".len();
        assert!(cookies.set(&request, &"a".repeat(longest)).is_some());
        assert!(cookies.set(&request, &"a".repeat(longest + 1)).is_none());
    }
}
