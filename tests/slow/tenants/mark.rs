//! Marks by which data of other tenants is recognised.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;

use crate::support::Answer;

pub const CALLERS: usize = 50;
pub const COMPANIES: usize = 20;

/// A caller and the company of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    pub caller: usize,
    pub company: usize,
}

impl Mark {
    /// The mark in every text.
    pub fn text(self) -> String {
        format!("mark{:02}of{:02}!", self.caller, self.company)
    }

    pub fn handle(self) -> String {
        format!("c|{:02}", self.company)
    }

    /// All marks in a text.
    fn all_in(text: &str) -> Vec<Self> {
        let number = |text: &str, at: usize| text.get(at..at + 2).and_then(|digits| digits.parse().ok());
        text.match_indices("mark")
            .filter_map(|(at, _)| {
                let mark = text.get(at..at + 11)?;
                Some(Self { caller: number(mark, 4)?, company: number(mark, 8)? })
            })
            .collect()
    }
}

/// All marks in a response: in its headers, its decoded body, and in ids and cursors.
pub fn marks(answer: &Answer) -> Vec<Mark> {
    let gzipped = answer.find_header("content-encoding") == Some("gzip");
    let body = if gzipped {
        let mut text = String::new();
        GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap_or_else(|error| panic!("{error}{answer}"));
        text
    } else {
        answer.text()
    };
    let headers = answer.headers.iter().map(|(_, value)| String::from_utf8_lossy(value.as_bytes()));
    marks_in(&headers.chain([body.into()]).collect::<Vec<_>>().join("\n"))
}

/// All marks in a text and in the base64url in it.
pub fn marks_in(text: &str) -> Vec<Mark> {
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words = text.split(|c| !is_base64url(c)).filter(|word| word.len() > 16);
    let hidden = words.filter_map(|word| URL_SAFE_NO_PAD.decode(word).ok());
    let hidden = hidden.flat_map(|bytes| Mark::all_in(&String::from_utf8_lossy(&bytes)));
    Mark::all_in(text).into_iter().chain(hidden).collect()
}
