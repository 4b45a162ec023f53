//! Character decoding: from the bytes of a document to text with only the characters that XML 1.0 allows (RFC 7303).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::error::ReadError;
use super::scalar::find_forbidden;

/// Maximum length of an XML declaration, in bytes.
const DECLARATION_LIMIT: usize = 256;

/// Decodes a document; UTF-8 is borrowed.
///
/// The encoding is that of, in this order: the byte order mark, the `charset` of `content_type`, the XML declaration; else UTF-8 (RFC 7303).
///
/// # Errors
/// An unknown encoding, invalid bytes of the encoding, a second byte order mark, or a character that XML 1.0 does not allow.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Result<Cow<'a, str>, ReadError> {
    let (encoding, body) = match Encoding::for_bom(body) {
        Some((encoding, mark)) => (encoding, &body[mark..]),
        None => (declared_encoding(body, content_type)?, body),
    };
    let text = if encoding == UTF_8 {
        std::str::from_utf8(body)
            .map(Cow::Borrowed)
            .map_err(|error| ReadError::document(format!("not UTF-8 after byte {}", error.valid_up_to())))?
    } else {
        encoding
            .decode_without_bom_handling_and_without_replacement(body)
            .ok_or_else(|| ReadError::document(format!("not {}", encoding.name())))?
    };
    // quick-xml would skip it and then report wrong positions.
    if text.starts_with('\u{feff}') {
        return Err(ReadError::document("begins with two byte order marks"));
    }
    match find_forbidden(&text) {
        None => Ok(text),
        Some((position, character)) => Err(ReadError::document(format!(
            "contains the character U+{:04X}, which XML can't carry, at byte {position}",
            u32::from(character)
        ))),
    }
}

fn declared_encoding(body: &[u8], content_type: Option<&str>) -> Result<&'static Encoding, ReadError> {
    match body {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let Some(label) = content_type.and_then(charset).map(Cow::Borrowed).or_else(|| declared_label(body)) else {
        return Ok(UTF_8);
    };
    let encoding = Encoding::for_label(label.as_bytes())
        .ok_or_else(|| ReadError::document(format!("the encoding {label:?} is unknown")))?;
    // A document that starts with one byte per character is not UTF-16, whatever it declares.
    Ok(encoding.output_encoding())
}

/// Returns the `charset` parameter of a `Content-Type`.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// Returns the encoding named by the XML declaration.
fn declared_label(body: &[u8]) -> Option<Cow<'static, str>> {
    let head = &body[..body.len().min(DECLARATION_LIMIT)];
    let end = head.windows(2).position(|pair| pair == b"?>")? + 2;
    match Reader::from_str(std::str::from_utf8(&head[..end]).ok()?).read_event() {
        Ok(Event::Decl(declaration)) => Some(declaration.encoding()?.ok()?.into_owned().into()),
        _ => None,
    }
}
