//! From the text of a setting to its value. An error says what was expected.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use url::{Host, Url};

use super::region::{Region, System};
use super::{LogFormat, Submits};
use crate::ips::types::ApiVersion;

const FRESHNESS_LIMIT: Duration = Duration::from_mins(10);
const STALENESS_LIMIT: Duration = Duration::from_hours(24);
const SHORTEST_KEY: usize = 32;
const FEWEST_CHARACTERS: usize = 10;
const TIMEOUT_LIMIT: Duration = Duration::from_mins(10);
const MOST_CALLS: usize = 10_000;
const ANSWER_LIMITS: std::ops::RangeInclusive<usize> = 64 << 10..=1 << 30;
/// From the size of the largest body on.
const BODY_BUDGETS: std::ops::RangeInclusive<usize> = 1 << 20..=1 << 40;

pub(super) fn region(text: &str) -> Result<Region, String> {
    Region::ALL.into_iter().find(|region| region.name() == text).ok_or_else(|| "na, emea or apac".into())
}

pub(super) fn staging(text: &str) -> Result<System, String> {
    match text {
        "true" => Ok(System::Staging),
        "false" => Ok(System::Production),
        _ => Err("true or false".into()),
    }
}

pub(super) fn submits(text: &str) -> Result<Submits, String> {
    match text {
        "true" => Ok(Submits::OnlyWithKey),
        "false" => Ok(Submits::WithOrWithoutKey),
        _ => Err("true or false".into()),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("auto, text or json".into()),
    }
}

pub(super) fn text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("some text".into()) } else { Ok(text.into()) }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

pub(super) fn api_version(text: &str) -> Result<ApiVersion, String> {
    text.parse().map_err(|_| "a date, such as 2014-04-03 or 2022-11-01-beta".into())
}

/// The prefix without a slash at its end, so that `/jobs` can be appended.
pub(super) fn path_prefix(text: &str) -> Result<String, String> {
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

pub(super) fn service_url(text: &str) -> Result<Url, String> {
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

pub(super) fn redis_url(text: &str) -> Result<String, String> {
    let usable = |url: &Url| matches!(url.scheme(), "redis" | "rediss") && url.has_host();
    match Url::parse(text) {
        Ok(url) if usable(&url) => Ok(text.into()),
        _ => Err("a redis:// or rediss:// URL with a host".into()),
    }
}

/// Long enough, and not one letter again and again: whoever guesses it reads what replicas share.
pub(super) fn shared_key(text: &str) -> Result<String, String> {
    let different = text.chars().collect::<HashSet<_>>().len();
    if text.chars().count() >= SHORTEST_KEY && different >= FEWEST_CHARACTERS {
        Ok(text.into())
    } else {
        Err(format!("at least {SHORTEST_KEY} random characters, such as `openssl rand -base64 32` makes"))
    }
}

/// An origin as browsers write it into the `Origin` header, or `*`.
pub(super) fn origin(text: &str) -> Result<String, String> {
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

pub(super) fn freshness(text: &str) -> Result<Duration, String> {
    duration(text, Duration::ZERO, FRESHNESS_LIMIT)
}

pub(super) fn staleness(text: &str) -> Result<Duration, String> {
    duration(text, Duration::ZERO, STALENESS_LIMIT)
}

pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    duration(text, Duration::from_millis(1), TIMEOUT_LIMIT)
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST_CALLS).contains(count));
    count.ok_or_else(|| format!("a number from 1 to {MOST_CALLS}"))
}

/// `None` for 0.
pub(super) fn failures(text: &str) -> Result<Option<NonZeroU32>, String> {
    text.parse().map(NonZeroU32::new).map_err(|_| "a number, 0 for never".into())
}

pub(super) fn answer_limit(text: &str) -> Result<usize, String> {
    let bytes = bytes(text).filter(|bytes| ANSWER_LIMITS.contains(bytes));
    bytes.ok_or_else(|| "a size from 64KiB to 1GiB, such as 64MiB".into())
}

pub(super) fn body_budget(text: &str) -> Result<usize, String> {
    let bytes = bytes(text).filter(|bytes| BODY_BUDGETS.contains(bytes));
    bytes.ok_or_else(|| "a size from 1MiB to 1TiB, such as 64MiB".into())
}

/// A size in bytes: a whole number and a unit, of which B may be left out.
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

/// A time to wait at the end, which may be none.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    duration(text, Duration::ZERO, TIMEOUT_LIMIT)
}

/// `None` for `none`.
pub(super) fn rate(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "none" { Ok(None) } else { burst(text).map(Some).map_err(|expected| format!("{expected}, or none")) }
}

pub(super) fn burst(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "a number of at least 1".into())
}

pub(super) fn url_scheme(text: &str) -> Result<String, String> {
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if is_scheme(text) { Ok(text.to_ascii_lowercase()) } else { Err("a scheme, such as https".into()) }
}

/// A host as URLs have it when they are read: in lower case, names in ASCII.
pub(super) fn url_host(text: &str) -> Result<String, String> {
    let (wildcard, name) = text.strip_prefix("*.").map_or(("", text), |domain| ("*.", domain));
    match Host::parse(name) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(format!("{wildcard}{}", name.trim_end_matches('.'))),
        Ok(address @ (Host::Ipv4(_) | Host::Ipv6(_))) if wildcard.is_empty() => Ok(address.to_string()),
        _ => Err("a host, such as cdn.example.com, *.example.com or 203.0.113.7".into()),
    }
}

/// How many there may be.
pub(super) fn connections(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "a number of at least 1".into())
}

fn duration(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if (least..=most).contains(&duration) => Ok(duration),
        _ => Err(format!(
            "a duration from {} to {}, such as 2s or 1m 30s",
            humantime::format_duration(least),
            humantime::format_duration(most)
        )),
    }
}
