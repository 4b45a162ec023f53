//! Traversal of an OpenAPI document: its schemas, references and operations.

use serde_json::{Map, Value};

/// Keywords whose values are data, not schemas.
const DATA_KEYWORDS: [&str; 5] = ["example", "examples", "default", "enum", "const"];
/// Keywords whose value is a schema.
const SCHEMA_KEYWORDS: [&str; 5] = ["items", "not", "additionalProperties", "contentSchema", "propertyNames"];
/// Keywords whose value is a list of schemas.
const SCHEMA_LIST_KEYWORDS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Applies `change` to every schema, to nested schemas first.
pub fn each_schema(document: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(|schema| visit_schema(schema, change));
    }
    visit_outside_schemas(document, change);
}

/// Descends to the members named `schema` outside of components.
fn visit_outside_schemas(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "schema" => visit_schema(member, change),
                    "schemas" => {}
                    name if DATA_KEYWORDS.contains(&name) => {}
                    _ => visit_outside_schemas(member, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit_outside_schemas(item, change)),
        _ => {}
    }
}

fn visit_schema(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else { return };
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(|property| visit_schema(property, change));
    }
    for name in SCHEMA_KEYWORDS {
        if let Some(inner) = members.get_mut(name) {
            visit_schema(inner, change);
        }
    }
    for name in SCHEMA_LIST_KEYWORDS {
        if let Some(Value::Array(list)) = members.get_mut(name) {
            for inner in list {
                visit_schema(inner, change);
            }
        }
    }
    change(members);
}

/// Collects the targets of all `$ref` in `value`.
pub fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Applies `change` to every operation.
pub fn each_operation(document: &mut Value, change: &mut impl FnMut(&mut Value)) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    paths.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()).for_each(change);
}
