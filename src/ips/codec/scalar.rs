//! Lexical forms of the simple types of XML Schema, and the characters that XML 1.0 allows.

use super::error::DecodeError;

/// Values of `xsd:double` that are not finite numbers.
const NON_FINITE: [&str; 4] = ["NaN", "INF", "-INF", "+INF"];

/// Maximum length of a value quoted in an error, in characters.
const EXCERPT: usize = 40;

/// Removes XML white space from both ends. `trim_ascii` also removes form feeds, which XML does not allow anyway.
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

pub(super) fn parse_bool(text: &str) -> Result<bool, DecodeError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(invalid(other, "boolean")),
    }
}

pub(super) fn parse_integer(text: &str) -> Result<i64, DecodeError> {
    text.parse().map_err(|_| invalid(text, "64-bit integer"))
}

pub(super) fn parse_double(text: &str) -> Result<f64, DecodeError> {
    let lexical = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(number) if lexical && number.is_finite() => Ok(number),
        _ => Err(invalid(text, "double")),
    }
}

#[cold]
fn invalid(text: &str, kind: &str) -> DecodeError {
    let excerpt: String = text.chars().take(EXCERPT).collect();
    DecodeError::value(format!("{excerpt:?} is not a {kind}"))
}

/// Returns the first character that XML 1.0 does not allow, with its position in bytes.
pub(super) fn find_forbidden(text: &str) -> Option<(usize, char)> {
    // Blocks without early exit are vectorized by the compiler; nearly all documents are clean.
    let mut blocks = text.as_bytes().chunks(256);
    if !blocks.any(|block| block.iter().fold(false, |any, &byte| any | is_suspicious(byte))) {
        return None;
    }
    text.char_indices().find(|&(_, character)| !is_allowed(character))
}

/// Returns whether a byte may belong to a forbidden character: a control character, or the first byte of U+FFFE and U+FFFF.
fn is_suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r') || byte == 0xEF
}

/// Returns whether a character is a `Char` of XML 1.0 §2.2.
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
