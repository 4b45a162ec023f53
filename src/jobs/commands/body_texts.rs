//! Texts of a submit, of all job types and at any depth.

use serde_json::Value;

/// Visits the texts of the JSON of a submit: with the name of the object around it, and its JSON pointer (RFC 6901).
pub(super) fn visit_texts<'v>(body: &'v Value, visitor: &mut impl FnMut(&str, &str, &'v str)) {
    visit(body, "", "", visitor);
}

fn visit<'v>(value: &'v Value, parent: &str, pointer: &str, visitor: &mut impl FnMut(&str, &str, &'v str)) {
    let name = pointer.rsplit('/').find(|name| !name.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or_default();
    match value {
        Value::String(text) => visitor(parent, pointer, text),
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| visit(value, name, &format!("{pointer}/{member}"), visitor));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| visit(value, name, &format!("{pointer}/{index}"), visitor));
        }
        _ => {}
    }
}
