//! Fuzz target of the codec: any document is read or refused without a panic, and a request that was read survives a round trip.
#![no_main]

use ips_gateway::ips::soap::{AuthHeader, Reply, Request, read_answer, write_request};
use ips_gateway::ips::types::*;
use libfuzzer_sys::fuzz_target;

/// Reads an answer twice, with the same result.
fn answer<T: Operation<Answer: PartialEq + std::fmt::Debug>>(body: &[u8], content_type: Option<&str>) {
    let first = read_answer::<T>(body, content_type);
    if let Ok(Reply::Answer(_)) = &first {
        assert_eq!(first, read_answer::<T>(body, content_type));
    }
}

/// Round trip of a request: read, written, read again.
fn request<T: Operation + PartialEq + std::fmt::Debug>(request: &Request<'_>) {
    let Ok(read) = request.read::<T>() else { return };
    let newest = "2022-11-01-beta".parse().expect("a version");
    let Ok(written) = write_request(&read, &newest, &AuthHeader::default()) else { return };
    let again = Request::parse(&written, None).expect("what was written can be parsed");
    assert_eq!(again.read::<T>().expect("what was written can be read"), read);
}

macro_rules! answers {
    ({ $body:ident, $content_type:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        $(answer::<$request>($body, $content_type);)+
    };
}

macro_rules! requests {
    ({ $parsed:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        $(request::<$request>(&$parsed);)+
    };
}

fuzz_target!(|data: &[u8]| {
    // The last byte selects the content type, so that any document with a trailing line feed is a good seed.
    let [body @ .., choice] = data else { return };
    let content_type = match choice % 4 {
        0 => None,
        1 => Some("text/xml; charset=UTF-16"),
        2 => Some("text/xml; charset=iso-8859-1"),
        _ => Some("text/xml; charset=UTF-8"),
    };
    for_each_operation!(answers { body, content_type });
    if let Ok(parsed) = Request::parse(body, content_type) {
        for_each_operation!(requests { parsed });
    }
});
