//! URL policy of submits: a guard against server-side request forgery through URLs that IPS fetches.
//!
//! It checks the text of a URL only, not the addresses to which IPS resolves its host name.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::ips::types::SubmitJobParam;
use crate::jobs::commands::body_texts::visit_texts;
use crate::jobs::error::InvalidField;

/// Members of a submit, at any depth, whose value is a URL that IPS fetches.
const URL_MEMBERS: [&str; 3] = ["httpCompletionUrl", "postHttpUrl", "sourceUrl"];
/// Domains of private networks (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, ICANN's `.internal`), and those that networks, Kubernetes
/// and routers use without a registration.
const PRIVATE_DOMAINS: [&str; 19] = [
    "localhost",
    "local",
    "internal",
    "localdomain",
    "home.arpa",
    "alt",
    "cluster",
    "corp",
    "home",
    "intra",
    "intranet",
    "lan",
    "mail",
    "onion",
    "priv",
    "private",
    "svc",
    "test",
    "workgroup",
];
/// Highest port that only system services use (RFC 6335).
const MAX_SYSTEM_PORT: u16 = 1023;
/// Ports of web servers among them, and ports above of services that are no web servers: remote desktops and databases, and those that the
/// Fetch standard blocks.
const WEB_SYSTEM_PORTS: [u16; 2] = [80, 443];
const OTHER_PORTS: [u16; 24] = [
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5900, 6000, 6379,
    6566, 9200, 10080, 11211, 27017,
];

/// URLs that a submit may contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPolicy {
    /// Permitted schemes, in lower case.
    pub schemes: Vec<String>,
    /// Permitted hosts: `example.com`, an address, or `*.example.com` for all subdomains. Empty: all public hosts.
    pub hosts: Vec<String>,
}

impl UrlPolicy {
    /// Returns the URLs of a submit that are not permitted.
    #[must_use]
    pub fn invalid_urls(&self, request: &SubmitJobParam) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        // The JSON has the URLs of all job types, nested ones included.
        let body = serde_json::to_value(request).unwrap_or_default();
        visit_texts(&body, &mut |_, pointer, text| {
            let is_url = pointer.rsplit('/').next().is_some_and(|member| URL_MEMBERS.contains(&member));
            // IPS treats an empty element as absent.
            if is_url
                && !text.is_empty()
                && let Err(reason) = self.check(text)
            {
                invalid.push(InvalidField::in_body(pointer, reason));
            }
        });
        invalid
    }

    /// Checks a URL.
    ///
    /// # Errors
    /// The reason why it is not permitted.
    pub fn check(&self, text: &str) -> Result<(), String> {
        // URL parsers treat these characters differently, and that of IPS is unknown.
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return Err("must be a URL without white space, control characters and backslashes".into());
        }
        let expected = || format!("must be an absolute URL with one of the schemes {}", self.schemes.join(", "));
        let url = Url::parse(text).map_err(|_| expected())?;
        if !self.schemes.iter().any(|scheme| scheme == url.scheme()) {
            return Err(expected());
        }
        // Some URL parsers find a host in `http:example.com` and `http:///example.com`; others find none, or another one.
        let authority = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
        let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if authority.is_empty() {
            return Err(expected());
        }
        if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain credentials".into());
        }
        // The URL parser leaves the hosts of some schemes alone: 0x7f.1 must be an address with every scheme.
        let host = url.host_str().and_then(|host| Host::parse(host).ok()).ok_or_else(expected)?;
        let allowed = match self.hosts.as_slice() {
            [] => is_public(&host),
            hosts => hosts.iter().any(|pattern| matches_host(pattern, &host)),
        };
        if !allowed {
            return Err("the host is not permitted".into());
        }
        // `URL_HOSTS` names the hosts that the operator trusts, whatever their ports.
        if self.hosts.is_empty() && matches!(url.scheme(), "http" | "https") && url.port().is_some_and(is_no_web_port) {
            return Err("the port is not permitted".into());
        }
        Ok(())
    }
}

/// Returns a domain name without the trailing dot of an absolute one.
fn without_trailing_dot(name: &str) -> &str {
    name.trim_end_matches('.')
}

/// Whether a port is that of a service that is no web server.
fn is_no_web_port(port: u16) -> bool {
    (port <= MAX_SYSTEM_PORT && !WEB_SYSTEM_PORTS.contains(&port))
        || OTHER_PORTS.contains(&port)
        || (6665..=6697).contains(&port)
}

fn matches_host(pattern: &str, host: &Host) -> bool {
    match (pattern.strip_prefix("*."), host) {
        (Some(domain), Host::Domain(name)) => {
            without_trailing_dot(name).strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        }
        (Some(_), _) => false,
        (None, Host::Domain(name)) => without_trailing_dot(name) == pattern,
        (None, address) => Host::parse(pattern).is_ok_and(|host| host == *address),
    }
}

fn is_public(host: &Host) -> bool {
    match host {
        Host::Domain(name) => {
            let name = without_trailing_dot(name);
            let is_within =
                |domain: &&str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            name.contains('.') && !PRIVATE_DOMAINS.iter().any(is_within)
        }
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

/// Returns whether an address is globally reachable (IANA IPv4 Special-Purpose Address Registry).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation();
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocols = (first, second, third) == (192, 0, 0) || (first == 198 && (18..20).contains(&second));
    !special && !shared && !protocols && first != 0 && first < 240
}

/// Returns whether an address is globally reachable and does not embed another one: IPv4-mapped, 6to4, Teredo, NAT64.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    // 2001::/23 is for protocols: Teredo, benchmarks, ORCHID; 3fff::/20 is for documentation (RFC 9637).
    let embedding_or_special = first == 0x2002 || (first == 0x2001 && (second < 0x200 || second == 0xdb8));
    global && !embedding_or_special && !(first == 0x3fff && second < 0x1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Policy with the default schemes.
    fn policy(hosts: &[&str]) -> UrlPolicy {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        UrlPolicy { schemes: owned(&["http", "https"]), hosts: owned(hosts) }
    }

    fn is_permitted(url: &str) -> bool {
        policy(&[]).check(url).is_ok()
    }

    #[test]
    fn public_hosts_are_permitted() {
        for url in [
            "https://images.example.com/a%20b.tif?x=@1#y",
            "http://example.com.:8080/",
            "HTTPS://EXAMPLE.COM",
            "http://8.8.8.8/",
            "http://[2606:4700::1111]/",
            "https://internal.example.com/",
            "https://example.com:8443/",
            "http://example.com:443/",
            "http://[3fff:1000::1]/",
        ] {
            assert!(is_permitted(url), "{url}");
        }
    }

    #[test]
    fn private_hosts_are_not_permitted_in_any_spelling() {
        for url in [
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://intranet/",
            "http://nas.local/",
            "http://metadata.google.internal/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://198.18.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[ff02::1]/",
            "http://[2002:7f00:1::]/",
            "http://[3fff::1]/",
            "http://[3fff:fff::1]/",
            "http://[2001:20::1]/",
            "http://[2001:2::1]/",
            "http://nas.lan/",
            "http://wiki.corp/",
            "http://api.default.svc/",
            "http://api.default.svc.cluster.local/",
            "http://metadata.google.internal/",
            "http://a.b.intranet./",
            "http://a.onion/",
            "http://example.com:22/",
            "http://example.com:0/",
            "https://example.com:6379/",
            "http://example.com:6667/",
            "http://[64:ff9b::7f00:1]/",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://ⓛocalhost/",
        ] {
            assert!(!is_permitted(url), "{url}");
        }
    }

    #[test]
    fn urls_of_other_schemes_or_with_credentials_are_not_permitted() {
        for url in [
            "images.example.com/a",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            "http:///a",
            "http://user@example.com/",
            "http://user:pw@example.com/",
            "http://@example.com/",
            "http://:@example.com/",
            "http://user%40name@example.com/",
            "http:user@example.com/",
            "http:user:pw@example.com/",
            "http:/user:pw@example.com/",
            "http:///user@example.com/",
            "http:////user@example.com/",
            "http:example.com",
            "http:/example.com/",
            "http:///example.com/",
            "http:example.com/a://b.example.com/",
            r"http:\\user@example.com/",
            r"http:/\user@example.com/",
            r"http:\/example.com/",
            r"http://\example.com/",
            "http://example.com\\@127.0.0.1/",
            "http://exa mple.com/",
            "http://example.com/\r\nHost: a",
            " http://example.com/",
        ] {
            assert!(!is_permitted(url), "{url:?}");
        }
    }

    #[test]
    fn configured_hosts_are_the_only_permitted_ones() {
        let hosts = policy(&["*.example.com", "10.0.0.7", "nas"]);
        let policy = UrlPolicy { schemes: vec!["https".into(), "sftp".into()], ..hosts };
        for url in [
            "https://a.b.example.com/",
            "https://A.example.com./",
            "https://10.0.0.7/",
            "https://0xa000007/",
            "sftp://nas/a",
        ] {
            assert_eq!(policy.check(url), Ok(()), "{url}");
        }
        for url in [
            "https://example.com/",
            "https://.example.com/",
            "https://evilexample.com/",
            "http://a.example.com/",
            "https://10.0.0.8/",
        ] {
            assert!(policy.check(url).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_private_address_is_permitted(last in 0_u32..0x0100_0000, net in prop::sample::select(vec![10_u32, 127, 0]), spelling in 0_usize..6) {
            let number = net << 24 | last;
            let [a, b, c, d] = number.to_be_bytes();
            let host = match spelling {
                0 => format!("{a}.{b}.{c}.{d}"),
                1 => format!("{number}"),
                2 => format!("0x{number:x}"),
                3 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
                4 => format!("[::ffff:{a}.{b}.{c}.{d}]"),
                _ => format!("0x{a:X}.{}", number & 0x00ff_ffff),
            };
            prop_assert!(!is_permitted(&format!("http://{host}/")), "{}", host);
        }

        #[test]
        fn checking_any_text_does_not_panic(text in ".{0,60}") {
            let _ = policy(&[]).check(&text);
            let _ = policy(&[]).check(&format!("http://{text}"));
        }
    }
}
