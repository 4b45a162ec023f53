//! An IPS that hangs, lies or dies: whatever it does, callers get a precise problem in time, nothing it says is taken for truth, the
//! last good list stays, and what changes something is sent once.

mod answers;
mod certificates;
mod memory;
mod mutations;
mod upstream;

use std::time::Duration;

use self::upstream::Act;

/// A call may take so long here.
const TIMEOUT: Duration = Duration::from_secs(2);
/// What the gateway is started with: short calls, a small limit, and no rest, since all that comes is bad.
const SETTINGS: &[(&str, &str)] =
    &[("UPSTREAM_TIMEOUT", "2s"), ("UPSTREAM_ANSWER_LIMIT", "1MiB"), ("UPSTREAM_FAILURES", "0"), ("FRESH", "1s")];

/// A head of an answer with these headers.
fn head(headers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=UTF-8\r\n{headers}\r\n")
}

/// An answer with this document.
fn document(text: &str) -> Act {
    Act::Say(format!("{}{text}", head(&format!("Content-Length: {}\r\n", text.len()))).into_bytes())
}
