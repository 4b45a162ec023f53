//! Heads: request lines, header fields, line ends, sizes.

use super::super::Case;
use super::super::Reason::{Limit, ProblemDocument};
use super::{GET, get};

/// What actix responds to a head that it can't parse, and the gateway.
fn malformed(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    Case::new(name).send(bytes).differs(ProblemDocument, "400 close empty; closed", "400 close; closed")
}

fn accepted(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    Case::new(name).send(bytes).same("200; open")
}

pub fn cases() -> Vec<Case> {
    [request_lines(), fields(), line_ends(), sizes()].into_iter().flatten().collect()
}

fn line(request_line: &str) -> String {
    format!("{request_line}\r\nHost: gateway\r\n\r\n")
}

fn request_lines() -> Vec<Case> {
    vec![
        accepted("a GET", GET),
        accepted("a target with a query", line("GET /livez?a=b HTTP/1.1")),
        accepted("an absolute target", line("GET http://gateway/livez HTTP/1.1")),
        accepted("an absolute target of another host", line("GET http://other/livez HTTP/1.1")),
        Case::new("an asterisk for a target").send(line("OPTIONS * HTTP/1.1")).same("404; open"),
        Case::new("a target with a NUL, encoded").send(line("GET /livez%00 HTTP/1.1")).same("404; open"),
        accepted("a target with a fragment", line("GET /livez#top HTTP/1.1")),
        Case::new("CONNECT").send(line("CONNECT /livez HTTP/1.1")).same("405 close; closed"),
        Case::new("a method in lower case").send(line("get /livez HTTP/1.1")).same("405; open"),
        Case::new("a method of its own").send(line("BREW /livez HTTP/1.1")).same("405; open"),
        malformed("a method with a slash", line("G/ET /livez HTTP/1.1")),
        malformed("two spaces before the target", line("GET  /livez HTTP/1.1")),
        malformed("a target that is not ASCII", line("GET /jobs/\u{e4} HTTP/1.1")),
        malformed("no method", line("/livez HTTP/1.1")),
        malformed("no version", "GET /livez\r\n\r\n"),
        malformed("a target with a space", line("GET /jobs/a b HTTP/1.1")),
        malformed("a tab between target and version", line("GET /livez\tHTTP/1.1")),
        malformed("a space before the method", line(" GET /livez HTTP/1.1")),
        malformed("HTTP/2.0", line("GET /livez HTTP/2.0")),
        malformed("HTTP/1.2", line("GET /livez HTTP/1.2")),
        malformed("HTTP/0.9", line("GET /livez HTTP/0.9")),
        malformed("a version in lower case", line("GET /livez http/1.1")),
        malformed("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        malformed("a TLS handshake", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
        malformed("no HTTP at all", "HELLO\r\n\r\n"),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        malformed("no Host", "GET /livez HTTP/1.1\r\n\r\n"),
        malformed("two Hosts", get("Host: other\r\n")),
        accepted("an empty Host", "GET /livez HTTP/1.1\r\nHost:\r\n\r\n"),
        accepted("an empty value", get("X-Empty:\r\n")),
        accepted("a tab in a value", get("X-Tab: a\tb\r\n")),
        accepted("spaces around a value", get("X-Spaces:   a   \r\n")),
        accepted(
            "a value that is not UTF-8",
            [b"GET /livez HTTP/1.1\r\nHost: x\r\nX: \xff\xfe\r\n\r\n".as_slice()].concat(),
        ),
        accepted("no space behind the colon", get("X-Plain:a\r\n")),
        malformed("a NUL in a value", get("X-Nul: a\0b\r\n")),
        malformed("a NUL in a name", get("X-\0: a\r\n")),
        malformed("an escape character in a value", get("X-Escape: \x1b[31m\r\n")),
        malformed("a space before the colon", get("X-Space : a\r\n")),
        malformed("no colon", get("X-Colon\r\n")),
        malformed("no name", get(": a\r\n")),
        malformed("a name with a space", get("X Space: a\r\n")),
        malformed("a folded value", get("X-Folded: a\r\n b\r\n")),
        malformed("a first field that is folded", "GET /livez HTTP/1.1\r\n Host: gateway\r\n\r\n"),
    ]
}

fn line_ends() -> Vec<Case> {
    vec![
        accepted("bare LF", "GET /livez HTTP/1.1\nHost: gateway\n\n"),
        accepted("LF and CRLF", "GET /livez HTTP/1.1\r\nHost: gateway\n\r\n"),
        malformed("a bare CR in a value", get("X-Cr: a\rb\r\n")),
        malformed("a bare CR at the end of a line", "GET /livez HTTP/1.1\rHost: gateway\r\r"),
        accepted("an empty line before the request", format!("\r\n{GET}")),
        accepted("many empty lines before the request", format!("\r\n\r\n\n\r\n{GET}")),
        Case::new("empty lines between requests").send(format!("{GET}\r\n\r\n{GET}")).same("200, 200; open"),
        Case::new("bare LF in two requests").send("GET /livez HTTP/1.1\nHost: x\n\n".repeat(2)).same("200, 200; open"),
        Case::new("only empty lines").send("\r\n\r\n\r\n").same("nothing; open"),
        Case::new("empty lines, and the request in a packet of its own")
            .send("\r\n\r\n")
            .pause()
            .send(GET)
            .same("200; open"),
    ]
}

fn sizes() -> Vec<Case> {
    let large = |bytes: usize| get(&format!("X-Large: {}\r\n", "x".repeat(bytes)));
    vec![
        accepted("a head of 30 KiB", large(30 * 1024)),
        Case::new("a head of 60 KiB").send(large(60 * 1024)).differs(Limit, "200; open", "431 close; closed"),
        Case::new("a head of 200 KiB").send(large(200 * 1024)).differs(
            ProblemDocument,
            "431 close empty; closed",
            "431 close; closed",
        ),
        accepted("96 fields", get(&"X-Many: 1\r\n".repeat(95))),
        Case::new("97 fields").send(get(&"X-Many: 1\r\n".repeat(96))).differs(
            ProblemDocument,
            "431 close empty; closed",
            "431 close; closed",
        ),
        Case::new("a target of 9 kB")
            .send(format!("GET /livez?{} HTTP/1.1\r\nHost: gateway\r\n\r\n", "x".repeat(9_000)))
            .differs(Limit, "200; open", "414; open"),
    ]
}
