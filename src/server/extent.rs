//! Where a request ends, as far as that can be told from its head.

use std::mem::MaybeUninit;

use httparse::{Header, Request, Status};

use crate::http::LARGEST_BODY;

/// actix takes no more header fields than this.
const MOST_FIELDS: usize = 96;

/// What some bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Part of a head.
    Head,
    /// A head and part of its body: all of it is so many bytes.
    Body(usize),
    /// A request of so many bytes.
    Request(usize),
    /// What only the server library can deal with: a body in chunks, one that is too large or that the client wants to be asked for,
    /// another protocol, or nothing that makes sense.
    Unknown,
}

impl Extent {
    /// Of what comes first.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut request = Request::new(&mut []);
        match request.parse_with_uninit_headers(bytes, &mut fields) {
            Ok(Status::Partial) => Self::Head,
            Ok(Status::Complete(head)) if request.method != Some("CONNECT") => {
                Self::with_body(bytes, head, request.headers).unwrap_or(Self::Unknown)
            }
            Ok(Status::Complete(_)) | Err(_) => Self::Unknown,
        }
    }

    fn with_body(bytes: &[u8], head: usize, fields: &[Header<'_>]) -> Option<Self> {
        let mut length = None;
        for Header { name, value } in fields {
            if name.eq_ignore_ascii_case("content-length") {
                // Of two lengths, one in front of the gateway may have believed the other.
                if length.replace(number(value)?).is_some() {
                    return None;
                }
            } else if name.eq_ignore_ascii_case("transfer-encoding")
                || name.eq_ignore_ascii_case("expect")
                || name.eq_ignore_ascii_case("upgrade") && is_websocket(value)
            {
                return None;
            }
        }
        let body = length.unwrap_or(0);
        if body > LARGEST_BODY {
            return None;
        }
        let whole = head + body;
        Some(if whole <= bytes.len() { Self::Request(whole) } else { Self::Body(whole) })
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    // Rust would take a sign, too.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// actix takes what follows for another protocol then.
fn is_websocket(value: &[u8]) -> bool {
    value.to_ascii_lowercase().windows(9).any(|word| word == b"websocket")
}
