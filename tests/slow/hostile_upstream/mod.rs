//! Hanging, invalid and malicious answers of IPS: callers get a precise problem in time, invalid answers replace no cached list, and
//! mutations are sent once.

mod answers;
mod certificates;
mod memory;
mod mutations;
mod upstream;

use std::time::Duration;

use self::upstream::Behaviour;

/// The timeout of calls.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Settings of the gateway: short timeout, small answer limit, no circuit breaker.
const SETTINGS: &[(&str, &str)] =
    &[("UPSTREAM_TIMEOUT", "2s"), ("UPSTREAM_ANSWER_LIMIT", "1MiB"), ("UPSTREAM_FAILURES", "0"), ("FRESH", "1s")];

/// The head of an answer with these headers.
fn head(headers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=UTF-8\r\n{headers}\r\n")
}

/// An answer with this document.
fn document(text: &str) -> Behaviour {
    Behaviour::Send(format!("{}{text}", head(&format!("Content-Length: {}\r\n", text.len()))).into_bytes())
}
