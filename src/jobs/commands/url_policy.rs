//! URLs that IPS is to call for a submit: a caller must not make it call what only IPS can reach.
//!
//! Only the text is looked at. What a name resolves to when IPS calls it, nobody can tell here.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use url::{Host, Url};

use crate::ips::types::SubmitJobParam;
use crate::jobs::error::{InvalidField, Location};

/// The members of a submit that hold a URL to call, wherever they stand.
const MEMBERS: [&str; 3] = ["httpCompletionUrl", "postHttpUrl", "sourceUrl"];
/// Names that mean something only within a network (RFC 6761, RFC 6762, RFC 8375, and ICANN's `.internal`).
const PRIVATE_NAMES: [&str; 5] = ["localhost", "local", "internal", "localdomain", "home.arpa"];

/// Which URLs IPS may be made to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlRules {
    /// The schemes, in lower case.
    pub schemes: Vec<String>,
    /// The only hosts: `example.com`, an address, or `*.example.com` for all names below. Where none is named: every public one.
    pub hosts: Vec<String>,
}

impl Default for UrlRules {
    fn default() -> Self {
        Self { schemes: vec!["http".into(), "https".into()], hosts: Vec::new() }
    }
}

impl UrlRules {
    /// Everything that is wrong with the URLs of a submit.
    #[must_use]
    pub fn complaints(&self, request: &SubmitJobParam) -> Vec<InvalidField> {
        let mut wrong = Vec::new();
        // As JSON, no job kind that holds another one, and none to come, is forgotten.
        self.look(&serde_json::to_value(request).unwrap_or_default(), "", &mut wrong);
        wrong
    }

    fn look(&self, value: &Value, pointer: &str, wrong: &mut Vec<InvalidField>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let pointer = format!("{pointer}/{name}");
                    match value.as_str() {
                        // An empty element means an absent one.
                        Some(url) if MEMBERS.contains(&name.as_str()) && !url.is_empty() => {
                            if let Err(reason) = self.check(url) {
                                wrong.push(InvalidField { location: Location::Body(pointer), reason });
                            }
                        }
                        _ => self.look(value, &pointer, wrong),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.look(item, &format!("{pointer}/{index}"), wrong);
                }
            }
            _ => {}
        }
    }

    /// Whether IPS may be made to call this.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, text: &str) -> Result<(), String> {
        // Parsers disagree about these, and IPS has another one than we.
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return Err("must be a URL without spaces, line breaks and backslashes".into());
        }
        let expected = || format!("must be a URL that begins with one of {}", self.schemes.join(", "));
        let url = Url::parse(text).map_err(|_| expected())?;
        if !self.schemes.iter().any(|scheme| scheme == url.scheme()) {
            return Err(expected());
        }
        let authority = text.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
        if authority.contains('@') {
            return Err("must not hold credentials".into());
        }
        // Only for some schemes the parser looks at the host: 0x7f.1 is an address for each.
        let host = url.host_str().and_then(|host| Host::parse(host).ok()).ok_or_else(expected)?;
        let allowed = match self.hosts.as_slice() {
            [] => is_public(&host),
            hosts => hosts.iter().any(|pattern| is_meant(pattern, &host)),
        };
        if allowed { Ok(()) } else { Err("names a host that IPS must not be made to call".into()) }
    }
}

/// A name without the dot that may end it.
fn bare(name: &str) -> &str {
    name.trim_end_matches('.')
}

fn is_meant(pattern: &str, host: &Host) -> bool {
    match (pattern.strip_prefix("*."), host) {
        (Some(domain), Host::Domain(name)) => {
            bare(name).strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        }
        (Some(_), _) => false,
        (None, Host::Domain(name)) => bare(name) == pattern,
        (None, address) => Host::parse(pattern).is_ok_and(|host| host == *address),
    }
}

fn is_public(host: &Host) -> bool {
    match host {
        Host::Domain(name) => {
            let name = bare(name);
            let within =
                |domain: &&str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            name.contains('.') && !PRIVATE_NAMES.iter().any(within)
        }
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

/// An address that the internet routes (IANA IPv4 Special-Purpose Address Registry).
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

/// An address that the internet routes, and none that hides another one: IPv4-mapped, 6to4, Teredo, NAT64.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let hiding_or_documentation = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0xdb8));
    global && !hiding_or_documentation
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_default(url: &str) -> bool {
        UrlRules::default().check(url).is_ok()
    }

    #[test]
    fn public_hosts_are_allowed() {
        for url in [
            "https://images.example.com/a%20b.tif?x=@1#y",
            "http://example.com.:8080/",
            "HTTPS://EXAMPLE.COM",
            "http://8.8.8.8/",
            "http://[2606:4700::1111]/",
            "https://internal.example.com/",
        ] {
            assert!(by_default(url), "{url}");
        }
    }

    #[test]
    fn what_only_ips_can_reach_is_not_however_it_is_written() {
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
            "http://[64:ff9b::7f00:1]/",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://ⓛocalhost/",
        ] {
            assert!(!by_default(url), "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_url_is_not() {
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
            "http://example.com\\@127.0.0.1/",
            "http://exa mple.com/",
            "http://example.com/\r\nHost: a",
            " http://example.com/",
        ] {
            assert!(!by_default(url), "{url:?}");
        }
    }

    #[test]
    fn named_hosts_are_the_only_ones() {
        let hosts = ["*.example.com", "10.0.0.7", "nas"].map(str::to_owned).to_vec();
        let rules = UrlRules { schemes: vec!["https".into(), "sftp".into()], hosts };
        for url in [
            "https://a.b.example.com/",
            "https://A.example.com./",
            "https://10.0.0.7/",
            "https://0xa000007/",
            "sftp://nas/a",
        ] {
            assert_eq!(rules.check(url), Ok(()), "{url}");
        }
        for url in [
            "https://example.com/",
            "https://.example.com/",
            "https://evilexample.com/",
            "http://a.example.com/",
            "https://10.0.0.8/",
        ] {
            assert!(rules.check(url).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_private_address_gets_through(last in 0_u32..0x0100_0000, net in prop::sample::select(vec![10_u32, 127, 0]), spelling in 0_usize..6) {
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
            prop_assert!(!by_default(&format!("http://{host}/")), "{}", host);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = UrlRules::default().check(&text);
            let _ = UrlRules::default().check(&format!("http://{text}"));
        }
    }
}
