//! The document in other versions of OpenAPI, derived from that of 3.1.

use serde_json::{Map, Value, json};

use super::walk::{each_operation, each_schema};

/// A version of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.0.3, for generators that know no other.
    V3_0,
    /// 3.1.0, in which the document is written.
    V3_1,
    /// 3.2.0, which describes streams.
    V3_2,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V3_0, Self::V3_1, Self::V3_2];

    /// How it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V3_2 => "3.2",
        }
    }
}

/// `document`, which is one of 3.1, in another version.
#[must_use]
pub fn in_version(mut document: Value, version: Version) -> Value {
    match version {
        Version::V3_0 => to_3_0(&mut document),
        Version::V3_1 => {}
        Version::V3_2 => to_3_2(&mut document),
    }
    document
}

fn to_3_2(document: &mut Value) {
    document["openapi"] = "3.2.0".into();
    each_content(document, &mut |content| {
        if let Some(event) = content["schema"].pointer("/contentSchema/items").cloned() {
            // The whole is no longer described as a text: it is a sequence.
            content.shift_remove("schema");
            content.insert("itemSchema".into(), event);
        }
    });
}

/// Second answers to a success, each with the parameter without which it doesn't come: many generators that know only 3.0 take but one
/// success for an operation, so both are left out there.
const SECOND_SUCCESSES: [(&str, &str, &str); 2] =
    [("/paths/~1jobs/post", "200", "validateOnly"), ("/paths/~1jobs~1{job}~1events/get", "204", "Last-Event-ID")];

/// Leaves out what 3.0 and its generators don't know, and says the rest in their words.
fn to_3_0(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut)
        && let Some(Value::String(identifier)) = license.shift_remove("identifier")
    {
        license.insert("url".into(), format!("https://spdx.org/licenses/{identifier}.html").into());
    }
    for (operation, status, parameter) in SECOND_SUCCESSES {
        let Some(operation) = document.pointer_mut(operation) else { continue };
        operation["responses"].as_object_mut().map(|answers| answers.shift_remove(status));
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.retain(|known| known["name"] != parameter);
        }
    }
    // Some take `default` for a success, too.
    each_operation(document, &mut |operation| {
        let Some(answers) = operation["responses"].as_object_mut() else { return };
        if let Some(problem) = answers.shift_remove("default") {
            answers.extend([("4XX".to_owned(), problem.clone()), ("5XX".to_owned(), problem)]);
        }
    });
    each_schema(document, &mut schema_in_3_0);
    super::shapes::drop_unused(document);
}

fn schema_in_3_0(schema: &mut Map<String, Value>) {
    schema.shift_remove("contentMediaType");
    schema.shift_remove("contentSchema");
    if let Some(Value::Array(examples)) = schema.shift_remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        schema.insert("example".into(), first);
    }
    if let Some(only) = schema.shift_remove("const") {
        schema.insert("enum".into(), json!([only]));
    }
    // Beside a reference nothing counts.
    if schema.len() > 1
        && let Some(reference) = schema.shift_remove("$ref")
    {
        schema.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

/// Changes every media type of an answer.
fn each_content(document: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    each_operation(document, &mut |operation| {
        let answers = operation["responses"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
        let contents = answers.filter_map(|answer| answer.get_mut("content")?.as_object_mut());
        contents.flat_map(|all| all.values_mut()).filter_map(Value::as_object_mut).for_each(&mut *change);
    });
}
