//! Offers to upgrade to another protocol (RFC 9110 §7.8), which the server ignores.
//!
//! actix ends the connection after a request with such an offer, and reads what follows an offer of WebSocket as a tunnel. The offers are
//! therefore removed from the head before the dispatcher parses it.

use memchr::memchr_iter;

use super::rest_from;

/// Fields that are part of an offer, in lower case; also their names as options of `Connection`.
const OFFER_FIELDS: [&[u8]; 2] = [b"upgrade", b"http2-settings"];

/// Returns a head without its offers to upgrade: without `Upgrade`, `HTTP2-Settings` and their options in `Connection`. `None` if it has none.
pub fn without_upgrade(head: &[u8]) -> Option<Vec<u8>> {
    if !may_offer(head) {
        return None;
    }
    let mut lines = head.split_inclusive(|&byte| byte == b'\n');
    // Empty lines before the request line are permitted (RFC 9112 §2.2).
    let start: usize = lines.by_ref().map_while(|line| line.trim_ascii().is_empty().then_some(line.len())).sum();
    let (blank, rest) = head.split_at(start);
    let mut kept = blank.to_vec();
    let mut has_offer = false;
    for (number, line) in rest.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let colon = line.iter().position(|&byte| byte == b':').filter(|_| number > 0);
        let (name, value) = colon.map_or((&line[..0], line), |colon| (&line[..colon], &line[colon + 1..]));
        if is_offer(name) {
            has_offer = true;
        } else if name.eq_ignore_ascii_case(b"connection") && options(value).any(is_offer) {
            has_offer = true;
            let others: Vec<_> = options(value).filter(|option| !is_offer(option)).collect();
            if !others.is_empty() {
                kept.extend_from_slice(&[name, b": ", &others.join(&b", "[..]), b"\r\n"].concat());
            }
        } else {
            kept.extend_from_slice(line);
        }
    }
    has_offer.then_some(kept)
}

/// Returns whether a line begins with the name of a field that offers may be in: most heads have none.
fn may_offer(head: &[u8]) -> bool {
    has_line_like_a_candidate(head)
        && memchr_iter(b'\n', head).any(|end| {
            let line = &head[end + 1..];
            let is_candidate =
                line.first().is_some_and(|first| matches!(first.to_ascii_lowercase(), b'c' | b'h' | b'u'));
            let begins = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            is_candidate && (begins(b"connection") || OFFER_FIELDS.into_iter().any(begins))
        })
}

/// Returns whether a line begins with `u`, with `ht` or with `c` and `n` after another letter, in any case: without branches, so that many
/// bytes are compared at a time.
fn has_line_like_a_candidate(head: &[u8]) -> bool {
    let is = |byte: &u8, lower: u8| byte | 0x20 == lower;
    let lines = head.iter().zip(rest_from(head, 1));
    let (with_second, with_third) = (lines.clone().zip(rest_from(head, 2)), lines.clone().zip(rest_from(head, 3)));
    lines.fold(false, |found, (end, a)| found | (*end == b'\n' && is(a, b'u')))
        || with_second.fold(false, |found, ((end, a), b)| found | (*end == b'\n' && is(a, b'h') && is(b, b't')))
        || with_third.fold(false, |found, ((end, a), c)| found | (*end == b'\n' && is(a, b'c') && is(c, b'n')))
}

/// Returns the options of a `Connection` field.
fn options(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn is_offer(name: &[u8]) -> bool {
    OFFER_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field))
}

#[cfg(test)]
mod tests {
    use super::without_upgrade;

    fn removed(head: &str) -> Option<String> {
        without_upgrade(head.as_bytes()).map(|head| String::from_utf8(head).expect("UTF-8"))
    }

    #[test]
    fn offers_are_removed_and_everything_else_stays() {
        let h2c = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUPGRADE: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n";
        assert_eq!(removed(h2c).as_deref(), Some("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        let close = "\r\nGET / HTTP/1.1\nconnection: close , upgrade\nA: upgrade\n\n";
        assert_eq!(removed(close).as_deref(), Some("\r\nGET / HTTP/1.1\nconnection: close\r\nA: upgrade\n\n"));
        for without in [
            "GET /upgrade: HTTP/1.1\r\nConnection: keep-alive, upgrades\r\nX-Upgrade: h2c\r\n\r\n",
            "upgrade: x\r\n\r\n",
        ] {
            assert_eq!(removed(without), None, "{without}");
        }
    }
}
