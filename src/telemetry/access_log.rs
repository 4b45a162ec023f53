//! Access log: one line for each request, in the format of the other log lines.
//!
//! Lines of JSON are formatted here: there is one for each request, and `tracing` takes longer for it than a cached answer takes.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::Write;
use std::sync::OnceLock;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::telemetry::log_writer::LogWriter;

/// Target of the lines, by which `RUST_LOG` selects them.
const TARGET: &str = "ips_gateway::http::middleware::access_log";
/// Message of the lines.
const MESSAGE: &str = "request";
/// Maximum capacity of a thread's buffer in bytes that is kept from line to line.
const MAX_KEPT_BYTES: usize = 4 * 1024;

/// Writer of the lines of JSON; not set with the text format.
static JSON_WRITER: OnceLock<LogWriter> = OnceLock::new();

thread_local! {
    /// Buffer in which the lines of a thread are formatted.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Second since the Unix epoch, and its time stamp up to the fraction.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// Fields of a line. What is `None` is left out.
pub struct AccessLogLine<'a> {
    /// Request id.
    pub request_id: &'a str,
    /// Id of the trace.
    pub trace_id: &'a dyn Display,
    /// Method.
    pub method: &'static str,
    /// Pattern of the route.
    pub route: &'a str,
    /// Name of the principal.
    pub principal: Option<&'a str>,
    /// Status.
    pub status: u16,
    /// Time to the head of the response, in milliseconds.
    pub duration_ms: f64,
    /// `Cache-Status`.
    pub cache: Option<&'a str>,
    /// Operations of IPS that were called.
    pub calls: Option<&'a str>,
}

/// Formats the lines as JSON from now on, and writes them to `writer`. Later calls have no effect.
pub(super) fn write_json(writer: LogWriter) {
    let _ = JSON_WRITER.set(writer);
}

impl AccessLogLine<'_> {
    /// Returns whether lines are logged.
    #[must_use]
    pub fn is_enabled() -> bool {
        tracing::enabled!(target: TARGET, tracing::Level::INFO)
    }

    /// Logs the line at level info.
    pub fn log(&self) {
        let Some(writer) = JSON_WRITER.get() else { return self.trace() };
        LINE.with_borrow_mut(|line| {
            self.format(Utc::now(), line);
            writer.write_line(line);
            line.clear();
            line.shrink_to(MAX_KEPT_BYTES);
        });
    }

    /// Logs the line by `tracing`.
    fn trace(&self) {
        tracing::info!(
            target: TARGET,
            request_id = self.request_id,
            trace_id = %self.trace_id,
            method = self.method,
            route = self.route,
            principal = self.principal,
            status = self.status,
            duration_ms = self.duration_ms,
            cache = self.cache,
            calls = self.calls,
            "{MESSAGE}"
        );
    }

    /// Appends the line, in the form of the JSON format of `tracing_subscriber`.
    fn format(&self, time: DateTime<Utc>, line: &mut Vec<u8>) {
        line.extend_from_slice(b"{\"timestamp\":\"");
        append_time(time, line);
        line.extend_from_slice(b"\",\"level\":\"INFO\",\"message\":\"request\"");
        append(line, "request_id", &self.request_id);
        line.extend_from_slice(b",\"trace_id\":\"");
        // Hexadecimal digits.
        let _ = write!(line, "{}", self.trace_id);
        line.push(b'"');
        append(line, "method", &self.method);
        append(line, "route", &self.route);
        append_some(line, "principal", self.principal);
        append(line, "status", &self.status);
        append(line, "duration_ms", &self.duration_ms);
        append_some(line, "cache", self.cache);
        append_some(line, "calls", self.calls);
        append(line, "target", &TARGET);
        line.extend_from_slice(b"}\n");
    }
}

/// Appends a member of the object.
fn append(line: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
    // Neither a string nor a number fails, nor does a write to memory.
    let _ = serde_json::to_writer(line, value);
}

fn append_some(line: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        append(line, name, &value);
    }
}

/// Appends a time with microseconds (RFC 3339). The part that changes once a second is kept.
fn append_time(time: DateTime<Utc>, line: &mut Vec<u8>) {
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != time.timestamp() {
            *second = time.timestamp();
            *text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            text.pop();
        }
        line.extend_from_slice(text.as_bytes());
    });
    let mut digits = *b".000000Z";
    let mut micros = time.timestamp_subsec_micros();
    for digit in digits[1..7].iter_mut().rev() {
        *digit += u8::try_from(micros % 10).unwrap_or_default();
        micros /= 10;
    }
    line.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_is_an_object_without_absent_fields() {
        let line = AccessLogLine {
            request_id: "a\"\n",
            trace_id: &"0af7",
            method: "GET",
            route: "/jobs/{job}",
            principal: None,
            status: 200,
            duration_ms: 1.25,
            cache: Some("ips-gateway; hit; ttl=2"),
            calls: None,
        };
        let mut text = Vec::new();
        for micros in [7, 123_456] {
            let time = Utc.timestamp_opt(1_700_000_000, micros * 1_000).single().expect("a time");
            line.format(time, &mut text);
        }
        let text = String::from_utf8(text).expect("UTF-8");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let expected = |timestamp| {
            json!({
                "timestamp": timestamp, "level": "INFO", "message": "request", "request_id": "a\"\n", "trace_id": "0af7",
                "method": "GET", "route": "/jobs/{job}", "status": 200, "duration_ms": 1.25,
                "cache": "ips-gateway; hit; ttl=2", "target": TARGET,
            })
        };
        assert_eq!(lines, ["2023-11-14T22:13:20.000007Z", "2023-11-14T22:13:20.123456Z"].map(expected));
    }
}
