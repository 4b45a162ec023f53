//! Responses to viewers: jobs without actions, since a viewer can ask for none.

use std::borrow::Cow;

use actix_web::web::Bytes;

use crate::http::request_context::Role;

/// Start of the member with the actions of a job. In a string of JSON, its second quote would be escaped.
const ACTIONS: &[u8] = b"\"actions\":[";

/// Returns the JSON of jobs as this role may see it: for viewers every `actions` is empty.
pub fn visible_to(role: Role, json: Bytes) -> Bytes {
    match role {
        Role::Operator => json,
        Role::Viewer => without_actions(&json),
    }
}

/// Returns the entity tag of JSON of jobs as this role may see it.
pub fn etag_for(role: Role, etag: &str) -> Cow<'_, str> {
    match (role, etag.strip_suffix('"')) {
        (Role::Viewer, Some(opaque)) => format!("{opaque}.viewer\"").into(),
        _ => etag.into(),
    }
}

fn without_actions(json: &[u8]) -> Bytes {
    let mut visible = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.windows(ACTIONS.len()).position(|window| window == ACTIONS) {
        let (before, actions) = rest.split_at(start + ACTIONS.len());
        visible.extend_from_slice(before);
        // The actions are words: none contains a bracket.
        rest = &actions[actions.iter().position(|byte| *byte == b']').unwrap_or_default()..];
    }
    visible.extend_from_slice(rest);
    visible.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_members_with_actions_become_empty() {
        let json =
            r#"{"jobs":[{"id":"a","actions":["stop","delete"],"title":"\"actions\":[1]"},{"id":"b","actions":[]}]}"#;
        let expected = r#"{"jobs":[{"id":"a","actions":[],"title":"\"actions\":[1]"},{"id":"b","actions":[]}]}"#;
        assert_eq!(visible_to(Role::Viewer, json.into()), expected);
        assert_eq!(visible_to(Role::Operator, json.into()), json);
    }
}
