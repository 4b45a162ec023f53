//! Parsers of the values of settings.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use super::{AuditTarget, MAX_BODY_BYTES};
use crate::ips::types::ApiVersion;

const FRESHNESS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(10);
const STALENESS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(10);
const DELAYS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(10);
const MAX_CALLS: RangeInclusive<usize> = 1..=10_000;
const ANSWER_LIMITS: RangeInclusive<usize> = 64 << 10..=1 << 30;
/// The minimum is the maximum size of one body.
const BODY_BUDGETS: RangeInclusive<usize> = MAX_BODY_BYTES..=1 << 40;
const CACHE_SIZES: RangeInclusive<usize> = 8 << 20..=1 << 40;
/// Minimum length of the secret of the shared store, in characters.
const MIN_KEY_LENGTH: usize = 32;
/// Minimum number of different characters in the secret of the shared store.
const MIN_KEY_CHARACTERS: usize = 10;

/// Error of a parser: a description of the expected value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected(String);

impl From<&str> for Expected {
    fn from(description: &str) -> Self {
        Self(description.to_owned())
    }
}

impl From<String> for Expected {
    fn from(description: String) -> Self {
        Self(description)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

/// Returns a parser of a value that is one of the named options.
pub(super) fn one_of<T: Copy>(options: &[(&str, T)]) -> impl Fn(&str) -> Result<T, Expected> {
    move |text| {
        let option = options.iter().find(|(name, _)| *name == text);
        option.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = options.iter().map(|(name, _)| *name).collect();
            let (last, others) = names.split_last().expect("there is an option");
            format!("{} or {last}", others.join(", ")).into()
        })
    }
}

pub(super) fn text(text: &str) -> Result<String, Expected> {
    if text.is_empty() { Err("a text that is not empty".into()) } else { Ok(text.into()) }
}

pub(super) fn audit_target(text: &str) -> Result<AuditTarget, Expected> {
    match text {
        "" => Err("a file, or stderr".into()),
        "stderr" => Ok(AuditTarget::Stderr),
        file => Ok(AuditTarget::File(file.into())),
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Expected> {
    text.parse().map_err(|_| "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

pub(super) fn api_version(text: &str) -> Result<ApiVersion, Expected> {
    let name = if text == "none" { "" } else { text };
    name.parse().map_err(|_| "a date, such as 2014-04-03 or 2022-11-01-beta, or none".into())
}

/// Returns the prefix without its trailing slash, so that `/jobs` can be appended.
pub(super) fn path_prefix(text: &str) -> Result<String, Expected> {
    let prefix = text.strip_suffix('/').unwrap_or(text);
    let is_segment = |segment: &str| {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(unreserved)
    };
    let mut segments = prefix.split('/');
    if segments.next() == Some("") && !text.is_empty() && segments.all(is_segment) {
        Ok(prefix.into())
    } else {
        Err("a path of letters, digits and -._~, such as /ips".into())
    }
}

pub(super) fn service_url(text: &str) -> Result<Url, Expected> {
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    Url::parse(text).ok().filter(plain).ok_or_else(|| {
        "an http or https URL without credentials, query and fragment, such as \
         https://s7sps1apissl.scene7.com/scene7/services/IpsApiService"
            .into()
    })
}

pub(super) fn redis_url(text: &str) -> Result<String, Expected> {
    let usable = |url: &Url| matches!(url.scheme(), "redis" | "rediss") && url.has_host();
    match Url::parse(text) {
        Ok(url) if usable(&url) => Ok(text.into()),
        _ => Err("a redis:// or rediss:// URL with a host".into()),
    }
}

/// Rejects short and repetitive secrets: an attacker who guesses the secret can decrypt the shared store.
pub(super) fn shared_key(text: &str) -> Result<String, Expected> {
    let different = text.chars().collect::<HashSet<_>>().len();
    if text.chars().count() >= MIN_KEY_LENGTH && different >= MIN_KEY_CHARACTERS {
        Ok(text.into())
    } else {
        Err(format!("at least {MIN_KEY_LENGTH} random characters, such as from `openssl rand -base64 32`").into())
    }
}

/// Returns an origin in the form of the `Origin` header, or `*`.
pub(super) fn origin(text: &str) -> Result<String, Expected> {
    let origin = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && !text.contains('*'))
        .map(|url| (url.origin().ascii_serialization(), url))
        .filter(|(origin, url)| url.as_str().strip_suffix('/') == Some(origin));
    match origin {
        _ if text == "*" => Ok(text.into()),
        Some((origin, _)) => Ok(origin),
        None => Err("an origin without a path, such as https://app.example.com, or *".into()),
    }
}

pub(super) fn freshness(text: &str) -> Result<Duration, Expected> {
    duration(text, FRESHNESS)
}

pub(super) fn staleness(text: &str) -> Result<Duration, Expected> {
    duration(text, STALENESS)
}

pub(super) fn timeout(text: &str) -> Result<Duration, Expected> {
    duration(text, TIMEOUTS)
}

pub(super) fn max_calls(text: &str) -> Result<usize, Expected> {
    let calls = text.parse().ok().filter(|calls| MAX_CALLS.contains(calls));
    calls.ok_or_else(|| format!("a number from {} to {}", MAX_CALLS.start(), MAX_CALLS.end()).into())
}

/// Returns `None` for 0.
pub(super) fn min_failures(text: &str) -> Result<Option<NonZeroU32>, Expected> {
    text.parse().map(NonZeroU32::new).map_err(|_| "a number, or 0 to disable it".into())
}

pub(super) fn answer_limit(text: &str) -> Result<usize, Expected> {
    let bytes = bytes(text).filter(|bytes| ANSWER_LIMITS.contains(bytes));
    bytes.ok_or_else(|| "a size from 64KiB to 1GiB, such as 64MiB".into())
}

pub(super) fn body_budget(text: &str) -> Result<usize, Expected> {
    let bytes = bytes(text).filter(|bytes| BODY_BUDGETS.contains(bytes));
    bytes.ok_or_else(|| "a size from 1MiB to 1TiB, such as 64MiB".into())
}

pub(super) fn cache_size(text: &str) -> Result<u64, Expected> {
    let size = bytes(text).filter(|bytes| CACHE_SIZES.contains(bytes)).and_then(|bytes| u64::try_from(bytes).ok());
    size.ok_or_else(|| "a size from 8MiB to 1TiB, such as 256MiB".into())
}

/// Parses a size: a whole number and a unit; without one it is in bytes.
fn bytes(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit: usize = match unit.trim_start() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(unit)
}

pub(super) fn delay(text: &str) -> Result<Duration, Expected> {
    duration(text, DELAYS)
}

/// Returns `None` for `none`.
pub(super) fn rate(text: &str) -> Result<Option<NonZeroU32>, Expected> {
    if text == "none" { Ok(None) } else { text.parse().map(Some).map_err(|_| "a number of at least 1, or none".into()) }
}

pub(super) fn burst(text: &str) -> Result<NonZeroU32, Expected> {
    text.parse().map_err(|_| "a number of at least 1".into())
}

pub(super) fn url_scheme(text: &str) -> Result<String, Expected> {
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if is_scheme(text) { Ok(text.to_ascii_lowercase()) } else { Err("a scheme, such as https".into()) }
}

/// Returns a host in the form of parsed URLs: lower case, names in ASCII.
pub(super) fn url_host(text: &str) -> Result<String, Expected> {
    let (wildcard, name) = text.strip_prefix("*.").map_or(("", text), |domain| ("*.", domain));
    match Host::parse(name) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(format!("{wildcard}{}", name.trim_end_matches('.'))),
        Ok(address @ (Host::Ipv4(_) | Host::Ipv6(_))) if wildcard.is_empty() => Ok(address.to_string()),
        _ => Err("a host, such as cdn.example.com, *.example.com or 203.0.113.7".into()),
    }
}

/// Parses a network in CIDR notation; an address alone is a network of one.
pub(super) fn network(text: &str) -> Result<IpNet, Expected> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "a network such as 10.0.0.0/8, or an address".into())
}

pub(super) fn limit(text: &str) -> Result<usize, Expected> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| "a number of at least 1".into())
}

fn duration(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, Expected> {
    match humantime::parse_duration(text) {
        Ok(duration) if range.contains(&duration) => Ok(duration),
        _ => Err(format!(
            "a duration from {} to {}, such as 2s or 1m 30s",
            humantime::format_duration(*range.start()),
            humantime::format_duration(*range.end())
        )
        .into()),
    }
}
