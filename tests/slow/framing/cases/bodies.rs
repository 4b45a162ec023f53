//! Bodies of requests: their length, their chunks, and those that no route reads.

use super::super::Case;
use super::super::Reason::{AnnouncedClose, DiscardedBody, LastRequest, ProblemDocument};
use super::{BODY, GET, chunked, chunks, post, post_to, sized};

fn malformed(name: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    Case::new(name).send(bytes).differs(ProblemDocument, "400 close empty; closed", "400 close; closed")
}

pub fn cases() -> Vec<Case> {
    [lengths(), transfer_encodings(), chunked_bodies(), unread()].into_iter().flatten().collect()
}

fn length(value: &str) -> String {
    post(&format!("Content-Length:{value}\r\n"), BODY)
}

fn lengths() -> Vec<Case> {
    vec![
        Case::new("a body").send(sized("", BODY)).same("422; open"),
        Case::new("a body in a packet of its own")
            .send(sized("", BODY).replace(BODY, ""))
            .pause()
            .send(BODY)
            .same("422; open"),
        Case::new("spaces around the length").send(length(&format!("  {}  ", BODY.len()))).same("422; open"),
        Case::new("leading zeros in the length").send(length(" 00015")).same("422; open"),
        malformed("two equal lengths", post("Content-Length: 15\r\nContent-Length: 15\r\n", BODY)),
        malformed("two lengths", post("Content-Length: 15\r\nContent-Length: 16\r\n", BODY)),
        malformed("a length with a plus sign", length(" +15")),
        malformed("a negative length", length(" -15")),
        malformed("a hexadecimal length", length(" 0x0f")),
        malformed("a length with an exponent", length(" 1e1")),
        malformed("a length with a space in it", length(" 1 5")),
        malformed("a list of lengths", length(" 15, 15")),
        malformed("an empty length", length("")),
        malformed("a length of more than 64 bits", length(" 99999999999999999999")),
        Case::new("a length of 0").send(post("Content-Length: 0\r\n", "")).same("400; open"),
        Case::new("no length").send(post("", "")).same("400; open"),
        Case::new("a body that goes on behind its length").send(format!("{}x", sized("", BODY))).same("422; open"),
        Case::new("a body with garbage behind its length").send(format!("{}\0\0", sized("", BODY))).differs(
            ProblemDocument,
            "422, 400 empty; closed",
            "422, 400 close; closed",
        ),
        Case::new("a body larger than 1 MiB").send(post("Content-Length: 1048577\r\n", "{")).same("413 close; closed"),
        Case::new("a body of which half comes").send(post("Content-Length: 30\r\n", BODY)).same("nothing; open"),
    ]
}

fn transfer_encodings() -> Vec<Case> {
    let encoded = |encoding: &str| post(&format!("Transfer-Encoding:{encoding}\r\n"), &chunks());
    vec![
        Case::new("chunked in capitals").send(encoded(" CHUNKED")).differs(
            LastRequest,
            "422; open",
            "422 close; closed",
        ),
        Case::new("chunked with spaces").send(encoded("  chunked ")).differs(
            LastRequest,
            "422; open",
            "422 close; closed",
        ),
        malformed("gzip and chunked", encoded(" gzip, chunked")),
        malformed("gzip", encoded(" gzip")),
        malformed("identity", encoded(" identity")),
        malformed("chunked and identity", encoded(" chunked, identity")),
        malformed("chunked with a parameter", encoded(" chunked;q=1")),
        malformed("an unknown coding", encoded(" xchunked")),
        malformed("chunked twice", encoded(" chunked\r\nTransfer-Encoding: chunked")),
        malformed("chunked and a length", encoded(" chunked\r\nContent-Length: 15")),
        malformed("a length and chunked", post("Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", &chunks())),
        malformed("chunked to HTTP/1.0", encoded(" chunked").replacen("HTTP/1.1", "HTTP/1.0", 1)),
    ]
}

fn chunked_bodies() -> Vec<Case> {
    let valid =
        |name, body: &str| Case::new(name).send(chunked(body)).differs(LastRequest, "422; open", "422 close; closed");
    let invalid = |name, body: &str| {
        Case::new(name).send(chunked(body)).differs(AnnouncedClose, "400; closed", "400 close; closed")
    };
    vec![
        valid("a chunk", &chunks()),
        valid("two chunks", "5\r\n{\"unh\r\na\r\neardOf\":1}\r\n0\r\n\r\n"),
        valid("a chunk with an extension", &chunks().replacen("\r\n", ";name=\"value\"\r\n", 1)),
        valid("a size in capitals with zeros", &chunks().replacen('f', "00F", 1)),
        valid("a space behind the size", &chunks().replacen("\r\n", " \r\n", 1)),
        valid("trailers", &chunks().replace("0\r\n\r\n", "0\r\nX-Trailer: a\r\nX-More: b\r\n\r\n")),
        invalid("a size that is no number", "g\r\n"),
        invalid("a negative size", "-1\r\n"),
        invalid("a size of more than 64 bits", "fffffffffffffffff\r\n"),
        invalid("an empty size", "\r\n"),
        invalid("no line end behind the data", &chunks().replacen("}\r\n", "}", 1)),
        invalid("bare LF behind the size", &chunks().replacen("\r\n", "\n", 1)),
        invalid("a control character in an extension", &chunks().replacen("\r\n", ";\x01\r\n", 1)),
        Case::new("no chunk").send(chunked("0\r\n\r\n")).differs(LastRequest, "400; open", "400 close; closed"),
        Case::new("half a chunk").send(chunked("f\r\n{\"unh")).same("nothing; open"),
        Case::new("chunks, and a request").send(chunked(&chunks()) + GET).differs(
            LastRequest,
            "422, 200; open",
            "422 close; closed",
        ),
        Case::new("chunks, and garbage").send(chunked(&chunks()) + "GARBAGE\0\r\n\r\n").differs(
            LastRequest,
            "422, 400 empty; closed",
            "422 close; closed",
        ),
        Case::new("chunks in two packets")
            .send(chunked("5\r\n{\"unh"))
            .pause()
            .send("\r\na\r\neardOf\":1}\r\n0\r\n\r\n")
            .differs(LastRequest, "422; open", "422 close; closed"),
        Case::new("a POST of two chunks, and a POST")
            .send(format!("{}{}", chunked(&chunks()), sized("", BODY)))
            .differs(LastRequest, "422, 422; open", "422 close; closed"),
    ]
}

fn unread() -> Vec<Case> {
    let unread = |bytes: usize| post_to("/none", &format!("Content-Length: {bytes}\r\n"), &"x".repeat(bytes));
    vec![
        Case::new("a body that no route reads").send(unread(15)).differs(
            DiscardedBody,
            "404 close; closed",
            "404; open",
        ),
        Case::new("a body that no route reads, and a request").send(unread(15) + GET).differs(
            DiscardedBody,
            "404 close, 200; open",
            "404, 200; open",
        ),
        Case::new("100 kB that no route reads, and a request").send(unread(100_000) + GET).differs(
            DiscardedBody,
            "404 close, 200; open",
            "404, 200; open",
        ),
        Case::new("300 kB that no route reads, and a request").send(unread(300_000) + GET).same("404 close; closed"),
        Case::new("a body that no route reads and that does not come")
            .send(post_to("/none", "Content-Length: 15\r\n", ""))
            .same("404 close; closed"),
        Case::new("chunks that no route reads, and a request")
            .send(post_to("/none", "Transfer-Encoding: chunked\r\n", &chunks()) + GET)
            .differs(LastRequest, "404, 200; open", "404 close; closed"),
        Case::new("a GET with a body, and a request")
            .send(format!("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc{GET}"))
            .differs(DiscardedBody, "200 close, 200; open", "200, 200; open"),
        Case::new("a wrong method with a body, and a request")
            .send(unread(15).replacen("POST /none", "PUT /livez", 1) + GET)
            .differs(DiscardedBody, "405 close, 200; open", "405, 200; open"),
    ]
}
