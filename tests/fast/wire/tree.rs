//! A comparison of documents by names, namespaces, order and text, without code of the codec.

use std::fmt::Debug;

use ips_gateway::ips::types::Timestamp;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// The document as lines, one per tag or text.
#[track_caller]
pub fn outline(document: &[u8]) -> Vec<String> {
    let document = std::str::from_utf8(document).unwrap_or_else(|error| panic!("no UTF-8: {error}"));
    let mut reader = NsReader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let (mut lines, mut text, mut depth) = (Vec::new(), String::new(), 0);
    loop {
        let (namespace, event) =
            reader.read_resolved_event().unwrap_or_else(|error| panic!("no XML: {error}\n{document}"));
        match event {
            Event::Text(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => text.push(character),
                _ => text.push_str(match &*reference {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    other => panic!("the entity {other}"),
                }),
            },
            Event::Start(tag) => {
                push_text(&mut lines, &mut text, depth);
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.into_inner(),
                    ResolveResult::Unbound => "",
                    ResolveResult::Unknown(prefix) => panic!("the prefix {prefix} is not declared"),
                };
                lines.push(format!("{}<{{{namespace}}}{}>", "  ".repeat(depth), tag.local_name().into_inner()));
                depth += 1;
            }
            Event::End(_) => {
                push_text(&mut lines, &mut text, depth);
                depth -= 1;
            }
            Event::Decl(_) => {}
            Event::Eof => return lines,
            other => panic!("{other:?} in a document that should be plain"),
        }
    }
}

/// Text other than indentation; dates in a canonical form.
fn push_text(lines: &mut Vec<String>, text: &mut String, depth: usize) {
    let text = std::mem::take(text);
    if !text.trim().is_empty() {
        let text = text.parse::<Timestamp>().map_or(text, |date| date.to_string());
        lines.push(format!("{}{text:?}", "  ".repeat(depth)));
    }
}

/// Fails with the first difference of two documents.
#[track_caller]
pub fn assert_same(ours: &[u8], theirs: &[u8]) {
    assert_same_lines(&outline(ours), &outline(theirs));
}

/// Fails with the first difference of two values.
#[track_caller]
pub fn assert_equal<T: PartialEq + Debug>(ours: &T, theirs: &T) {
    if ours != theirs {
        let lines = |value| format!("{value:#?}").lines().map(Into::into).collect::<Vec<String>>();
        assert_same_lines(&lines(ours), &lines(theirs));
        panic!("the values differ, but look the same: {ours:?}");
    }
}

#[track_caller]
fn assert_same_lines(ours: &[String], theirs: &[String]) {
    if let Some(line) = (0..ours.len().max(theirs.len())).find(|&line| ours.get(line) != theirs.get(line)) {
        let context = theirs[line.saturating_sub(5)..line.min(theirs.len())].join("\n");
        panic!("after\n{context}\nours: {:?}\ntheirs: {:?}", ours.get(line), theirs.get(line));
    }
}
