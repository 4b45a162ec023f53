//! Address of the client of a request, behind trusted proxies.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::config::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Maximum number of hops that are looked at; the nearest ones.
const MAX_HOPS: usize = 32;

/// Returns the address of the client: that of the peer, or if the peer is a trusted proxy the nearest one in `X-Forwarded-For` that is
/// not, or in `Forwarded` (RFC 7239) if the request has no `X-Forwarded-For`. `None` for a connection without an address.
pub(super) fn client_address(request: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(if proxies.contains(peer) { forwarded_address(peer, request.headers(), proxies) } else { peer })
}

fn forwarded_address(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    let hops = |name: &HeaderName| -> Vec<String> {
        let lines = headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        lines.collect::<Vec<_>>().join(",").rsplit(',').take(MAX_HOPS).map(|hop| hop.trim().to_owned()).collect()
    };
    let by_x_forwarded_for = headers.contains_key(&X_FORWARDED_FOR);
    let hops = if by_x_forwarded_for { hops(&X_FORWARDED_FOR) } else { hops(&header::FORWARDED) };
    let mut nearest = peer;
    for hop in hops {
        let node = if by_x_forwarded_for { Some(&*hop) } else { forwarded_for(&hop) };
        // What a trusted proxy did not recognize as an address is not looked beyond.
        let Some(address) = node.and_then(address_of) else { return nearest };
        nearest = address;
        if !proxies.contains(address) {
            break;
        }
    }
    nearest
}

/// Returns the node of the `for` parameter of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
        let value = value.trim();
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim_matches('"'))
    })
}

/// Returns the address of a node with or without a port.
fn address_of(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let bare = match node.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None if node.matches(':').count() == 1 => node.split(':').next()?,
        None => node,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network")).into());
        let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().expect("an address"));
        let request = headers.iter().fold(request, |request, (name, value)| request.append_header((*name, *value)));
        client_address(&request.to_http_request(), &proxies).expect("an address").to_string()
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        let x_forwarded_for = [("X-Forwarded-For", "192.0.2.1")];
        assert_eq!(client("203.0.113.9", &x_forwarded_for), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &x_forwarded_for), "192.0.2.1");
        assert_eq!(client("[::ffff:10.0.0.1]", &x_forwarded_for), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_the_client() {
        let of = |value| client("10.0.0.1", &[("X-Forwarded-For", value)]);
        assert_eq!(of("198.51.100.66, 192.0.2.1, 10.3.0.1"), "192.0.2.1", "the client made up the first");
        assert_eq!(of("10.1.0.1, 10.2.0.1"), "10.1.0.1", "all are proxies");
        assert_eq!(of("192.0.2.1:4711"), "192.0.2.1");
        assert_eq!(of("[2001:db8::1]:4711, fd00::1"), "2001:db8::1");
        assert_eq!(of("192.0.2.1, unknown, 10.2.0.1"), "10.2.0.1");
        assert_eq!(of(""), "10.0.0.1");
        let lines = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2")];
        assert_eq!(client("10.0.0.1", &lines), "192.0.2.2");
    }

    #[test]
    fn forwarded_counts_without_x_forwarded_for() {
        let forwarded = ("Forwarded", r#"for=198.51.100.66, For="[2001:db8::1]:4711";proto=https, by=_a;for=10.3.0.1"#);
        assert_eq!(client("10.0.0.1", &[forwarded]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[forwarded, ("X-Forwarded-For", "192.0.2.1")]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[("Forwarded", "proto=https")]), "10.0.0.1");
    }
}
