//! The cases, by what is unusual about them.

mod bodies;
mod connections;
mod heads;

use super::Case;

/// A request without a body.
const GET: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
/// The same as [`GET`], whose response has no body.
const HEAD: &str = "HEAD /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
/// A body that is read, and refused with 422 for what it says.
const BODY: &str = "{\"unheardOf\":1}";

/// Every case.
pub fn all() -> Vec<Case> {
    [heads::cases(), bodies::cases(), connections::cases()].into_iter().flatten().collect()
}

/// A GET with these lines in its head.
fn get(lines: &str) -> String {
    format!("GET /livez HTTP/1.1\r\nHost: gateway\r\n{lines}\r\n")
}

/// A POST whose body is read, with these lines in its head.
fn post(lines: &str, body: &str) -> String {
    post_to("/jobs", lines, body)
}

/// A POST that no route reads the body of.
fn post_to(path: &str, lines: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n{lines}\r\n{body}"
    )
}

/// A POST with a `Content-Length`.
fn sized(lines: &str, body: &str) -> String {
    post(&format!("Content-Length: {}\r\n{lines}", body.len()), body)
}

/// [`BODY`] as one chunk.
fn chunks() -> String {
    format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len())
}

/// A POST with this chunked body.
fn chunked(chunks: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", chunks)
}
