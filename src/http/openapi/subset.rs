//! Subset of an OpenAPI document: a schema with those that it refers to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::walk::references;

/// Prefix of references to schemas.
const REFERENCE_PREFIX: &str = "#/components/schemas/";

/// Returns `root` and all schemas that it refers to, also indirectly, by name; their references stay those of the document.
#[must_use]
pub fn schemas_of(document: &Value, root: &str) -> Map<String, Value> {
    let schemas = &document["components"]["schemas"];
    let mut names = BTreeSet::new();
    let mut pending = vec![root];
    while let Some(name) = pending.pop() {
        if names.insert(name) {
            let mut targets = Vec::new();
            references(&schemas[name], &mut targets);
            pending.extend(targets.into_iter().filter_map(|target| target.strip_prefix(REFERENCE_PREFIX)));
        }
    }
    names.into_iter().map(|name| (name.to_owned(), schemas[name].clone())).collect()
}
