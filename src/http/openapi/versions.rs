//! Conversion of the OpenAPI 3.1 document to other versions.

use serde_json::{Map, Value, json};

use super::walk::{each_operation, each_schema};

/// OpenAPI version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.0.3, for generators without support for 3.1.
    V3_0,
    /// 3.1.0, the version of the committed document.
    V3_1,
    /// 3.2.0, which has `itemSchema` for event streams.
    V3_2,
}

impl Version {
    /// All versions.
    pub const ALL: [Self; 3] = [Self::V3_0, Self::V3_1, Self::V3_2];

    /// Version number, as in the command line option `--version`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V3_2 => "3.2",
        }
    }
}

/// Converts a 3.1 document to `version`.
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
            // `itemSchema` replaces `schema`, which would describe the stream as one text.
            content.shift_remove("schema");
            content.insert("itemSchema".into(), event);
        }
    });
}

/// Operation with a second success response, its status, and the parameter that triggers it. It is left out of the 3.0 document, as many 3.0
/// generators support only one success response per operation.
const SECOND_SUCCESS_RESPONSE: (&str, &str, &str) = ("/paths/~1jobs~1{job}~1events/get", "204", "Last-Event-ID");

/// Replaces keywords of 3.1 by those of 3.0, and removes what 3.0 or its generators do not support.
fn to_3_0(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut)
        && let Some(Value::String(identifier)) = license.shift_remove("identifier")
    {
        license.insert("url".into(), format!("https://spdx.org/licenses/{identifier}.html").into());
    }
    let (operation, status, parameter) = SECOND_SUCCESS_RESPONSE;
    if let Some(operation) = document.pointer_mut(operation) {
        operation["responses"].as_object_mut().map(|responses| responses.shift_remove(status));
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.retain(|known| known["name"] != parameter);
        }
    }
    // Some generators treat `default` as a success response.
    each_operation(document, &mut |operation| {
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        if let Some(problem) = responses.shift_remove("default") {
            responses.extend([("4XX".to_owned(), problem.clone()), ("5XX".to_owned(), problem)]);
        }
    });
    each_schema(document, &mut schema_in_3_0);
    super::shapes::remove_unused(document);
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
    // In 3.0 siblings of `$ref` are ignored.
    if schema.len() > 1
        && let Some(reference) = schema.shift_remove("$ref")
    {
        schema.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

/// Applies `change` to every media type object of a response.
fn each_content(document: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    each_operation(document, &mut |operation| {
        let responses = operation["responses"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
        let contents = responses.filter_map(|response| response.get_mut("content")?.as_object_mut());
        contents.flat_map(|all| all.values_mut()).filter_map(Value::as_object_mut).for_each(&mut *change);
    });
}
