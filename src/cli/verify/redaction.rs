//! Redaction of what a report shows: pseudonyms in place of names, and forms in place of values.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Maximum length of a form, in characters.
const MAX_FORM: usize = 60;
/// Length of the hash in a pseudonym, in bytes.
const HASH_BYTES: usize = 4;

/// Pseudonyms of one run: the same text has the same one, and without the random key of the run none can be traced back.
pub(super) struct Pseudonyms {
    key: [u8; 32],
}

impl Pseudonyms {
    /// Creates the pseudonyms of a run.
    ///
    /// # Errors
    /// The operating system has no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }

    /// Returns the pseudonym of a text, for example `user-1f00a3c2`.
    pub(super) fn of(&self, kind: &str, text: &str) -> String {
        let mut hash = Sha256::new_with_prefix(self.key);
        hash.update(kind.len().to_be_bytes());
        hash.update(kind);
        hash.update(text);
        let digest = hash.finalize();
        let mut pseudonym = format!("{kind}-");
        for byte in &digest[..HASH_BYTES] {
            let _ = write!(pseudonym, "{byte:02x}");
        }
        pseudonym
    }
}

/// Returns the form of a text: `9` for each digit, `a` for each letter.
pub(super) fn form(text: &str) -> String {
    let mut form: String = text
        .chars()
        .take(MAX_FORM)
        .map(|character| match character {
            '0'..='9' => '9',
            ' '..='~' if !character.is_ascii_alphabetic() => character,
            _ => 'a',
        })
        .collect();
    if text.chars().nth(MAX_FORM).is_some() {
        form.push('…');
    }
    form
}

/// Returns a value of an enumeration as it is, and the form of anything longer or with other characters.
pub(super) fn enumeration(value: &str) -> String {
    let is_word = value.len() <= MAX_FORM && value.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_word { value.to_owned() } else { form(value) }
}

/// Returns a message of the codec with the form of what it quotes.
pub(super) fn message(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}\"{}\"{}", &text[..first], form(&text[first + 1..last]), &text[last + 1..])
        }
        _ => text.to_owned(),
    }
}

/// Returns the form of a handle: its parts between `|`, known texts by their names, numbers as `<digits>`, others as `<text>`.
pub(super) fn handle_form(handle: &str, known: &[(&str, Option<&str>)]) -> String {
    let part = |part: &str| {
        let name = known.iter().find(|(_, text)| *text == Some(part)).map(|(name, _)| name);
        match part {
            "" => String::new(),
            _ if name.is_some() => name.map(|name| format!("<{name}>")).unwrap_or_default(),
            _ if part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_lowercase()) => part.to_owned(),
            _ if part.bytes().all(|byte| byte.is_ascii_digit()) => "<digits>".to_owned(),
            _ => "<text>".to_owned(),
        }
    };
    handle.split('|').map(part).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_no_letter_and_no_digit() {
        assert_eq!(form("12.5 MB für Kati"), "99.9 aa aaa aaaa");
        assert_eq!(message("\"Kati\" is not a \"number\""), "\"aaaa\" aa aaa a \"aaaaaa\"");
        assert_eq!(enumeration("UrlUpload"), "UrlUpload");
        assert_eq!(enumeration("kati@example.com"), "aaaa@aaaaaaa.aaa");
    }

    #[test]
    fn the_form_of_a_handle_names_its_parts() {
        let known = [("name", Some("shoes_2026")), ("originalName", Some("shoes"))];
        assert_eq!(handle_form("j|110||shoes_2026|51", &known), "j|<digits>||<name>|<digits>");
        assert_eq!(handle_form("0|shoes|", &known), "<digits>|<originalName>|");
    }
}
