//! The lexical forms of XML Schema's simple types, and the characters that XML can carry.

use super::error::Error;

/// The values that `xsd:double` has beyond the numbers.
const NON_FINITE: [&str; 4] = ["NaN", "INF", "-INF", "+INF"];

/// How much of an offending value an error repeats, in characters.
const EXCERPT: usize = 40;

/// Without the white space of XML around it (a form feed, which ASCII has besides, no document can hold).
#[inline]
pub(super) fn trim(text: &str) -> &str {
    text.trim_ascii()
}

pub(super) fn is_blank(text: &str) -> bool {
    trim(text).is_empty()
}

pub(super) fn is_non_finite(text: &str) -> bool {
    NON_FINITE.contains(&trim(text))
}

pub(super) fn parse_bool(text: &str) -> Result<bool, Error> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(unreadable(other, "boolean")),
    }
}

pub(super) fn parse_integer(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| unreadable(text, "integer of 64 bits"))
}

pub(super) fn parse_double(text: &str) -> Result<f64, Error> {
    let lexical = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(number) if lexical && number.is_finite() => Ok(number),
        _ => Err(unreadable(text, "double")),
    }
}

#[cold]
fn unreadable(text: &str, kind: &str) -> Error {
    let excerpt: String = text.chars().take(EXCERPT).collect();
    Error::value(format!("{excerpt:?} is no {kind}"))
}

/// The first character that XML 1.0 can't carry, with its position in bytes.
pub(super) fn find_forbidden(text: &str) -> Option<(usize, char)> {
    // Blocks without an early exit let the compiler compare many bytes at once; a clean document is the rule.
    let mut blocks = text.as_bytes().chunks(256);
    if !blocks.any(|block| block.iter().fold(false, |any, &byte| any | is_suspicious(byte))) {
        return None;
    }
    text.char_indices().find(|&(_, character)| !is_allowed(character))
}

/// Whether a byte may belong to a forbidden character: a control character, or the start of U+FFFE and U+FFFF.
fn is_suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r') || byte == 0xEF
}

/// `Char` of XML 1.0 §2.2.
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
