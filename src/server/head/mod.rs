//! End of a request's head, without parsing it: its first empty line.

mod upgrade;

pub use upgrade::without_upgrade;

use memchr::memchr_iter;
use tokio::time::Instant;

/// Part of the input that the dispatcher reads next.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// A head that is not complete: up to the first empty line.
    Head,
    /// At most this many bytes, of a complete head or of a body.
    AtMost(u64),
}

/// Progress of a head that is being received or read by the dispatcher.
#[derive(Default)]
pub struct Head {
    /// Time of its first byte.
    pub started: Option<Instant>,
    /// Number of its bytes so far.
    pub bytes: usize,
    /// Whether the last part ended with an empty line.
    pub is_complete: bool,
    /// The last two bytes.
    end: [u8; 2],
}

impl Head {
    /// Returns how many bytes of `input` belong to `part`.
    pub fn measure(&mut self, input: &[u8], part: Part) -> usize {
        match part {
            Part::AtMost(left) => usize::try_from(left).map_or(input.len(), |left| left.min(input.len())),
            Part::Head => {
                let end = self.end_of_head(input);
                let part = &input[..end.unwrap_or(input.len())];
                self.is_complete = end.is_some();
                self.bytes += part.len();
                match *part {
                    [.., a, b] => self.end = [a, b],
                    [b] => self.end = [self.end[1], b],
                    [] => {}
                }
                part.len()
            }
        }
    }

    /// Returns whether `input`, as the next part, contains bytes up to its first empty line that are invalid in a head: control characters,
    /// or a CR without LF.
    pub fn is_malformed_by(&self, input: &[u8]) -> bool {
        if self.end[1] == b'\r' && input.first().is_some_and(|first| *first != b'\n') {
            return true;
        }
        // The body may have such bytes.
        is_malformed(input) && is_malformed(&input[..self.end_of_head(input).unwrap_or(input.len())])
    }

    /// Returns the position after the first empty line.
    fn end_of_head(&self, input: &[u8]) -> Option<usize> {
        if let Some(without_last) = input.strip_suffix(b"\n")
            && input.ends_with(b"\n\r\n")
            && input[0] > b'\r'
            && !has_empty_line(without_last)
        {
            // Common case: a whole head, and nothing after it.
            return Some(input.len());
        }
        let byte_before = |at: usize| if at < 2 { self.end[at] } else { input[at - 2] };
        memchr_iter(b'\n', input).find_map(|at| {
            let (before, last) = (byte_before(at), byte_before(at + 1));
            (last == b'\n' || (last == b'\r' && before == b'\n')).then_some(at + 1)
        })
    }
}

/// Returns whether `input` contains control characters that are invalid in a head, or a CR without LF.
///
/// Here and below, bytes are compared without branches, so that many are compared at a time.
fn is_malformed(input: &[u8]) -> bool {
    let is_control = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n');
    let is_bare_cr = |byte: u8, next: u8| byte == b'\r' && next != b'\n';
    let pairs = input.iter().zip(rest_from(input, 1));
    input.iter().fold(false, |found, byte| found | is_control(*byte))
        || pairs.fold(false, |found, (byte, next)| found | is_bare_cr(*byte, *next))
}

/// Returns whether `input` contains an empty line after another line.
fn has_empty_line(input: &[u8]) -> bool {
    let is_lf_lf = |a: u8, b: u8| (a ^ b'\n') | (b ^ b'\n') == 0;
    let is_lf_cr_lf = |a: u8, b: u8, c: u8| (a ^ b'\n') | (b ^ b'\r') | (c ^ b'\n') == 0;
    let pairs = input.iter().zip(rest_from(input, 1));
    let triples = pairs.clone().zip(rest_from(input, 2));
    pairs.fold(false, |found, (a, b)| found | is_lf_lf(*a, *b))
        || triples.fold(false, |found, ((a, b), c)| found | is_lf_cr_lf(*a, *b, *c))
}

/// Returns `input` without its first bytes.
fn rest_from(input: &[u8], start: usize) -> &[u8] {
    input.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Head, Part};

    /// Returns the measured size of each of these chunks, and whether it ended with an empty line.
    fn parts(chunks: &[&str]) -> Vec<(usize, bool)> {
        let mut head = Head::default();
        chunks.iter().map(|chunk| (head.measure(chunk.as_bytes(), Part::Head), head.is_complete)).collect()
    }

    #[test]
    fn a_head_ends_with_its_first_empty_line_in_any_fragmentation() {
        assert_eq!(parts(&["GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"]), [(27, true)]);
        assert_eq!(parts(&["GET / HTTP/1.1\nHost: x\n\nGET"]), [(24, true)]);
        assert_eq!(parts(&["GET / HTTP/1.1\r\nHost: x\r\n", "\r\nGET"]), [(25, false), (2, true)]);
        assert_eq!(parts(&["a\r", "\n", "\r", "\nb"]), [(2, false), (1, false), (1, false), (1, true)]);
        assert_eq!(parts(&["a\n", "\nb"]), [(2, false), (1, true)]);
        assert_eq!(parts(&["a\r\nb: \r\n c\r\r\n"]), [(13, false)]);
        assert_eq!(parts(&["\r\nGET"]), [(5, false)]);
        assert_eq!(parts(&[""]), [(0, false)]);
    }

    #[test]
    fn control_characters_and_a_bare_cr_are_malformed() {
        let is_malformed = |chunks: &[&str]| {
            let mut head = Head::default();
            chunks.iter().any(|chunk| {
                let is_malformed = head.is_malformed_by(chunk.as_bytes());
                head.measure(chunk.as_bytes(), Part::Head);
                is_malformed
            })
        };
        assert!(is_malformed(&["\x16\x03\x01"]));
        assert!(is_malformed(&["GET / HTTP/1.1\rHost"]));
        assert!(is_malformed(&["GET / HTTP/1.1\r", "Host"]));
        assert!(is_malformed(&["G\0"]));
        assert!(!is_malformed(&["GET / HTTP/1.1\r", "\nX:\ta\n", "Y: \u{e4}\r"]));
        assert!(!is_malformed(&["POST / HTTP/1.1\r\n\r\n\0"]), "the body");
    }
}
