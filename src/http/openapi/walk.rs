//! Every schema of an OpenAPI document, wherever it stands.

use serde_json::{Map, Value};

/// What holds data and no schemas, whatever it looks like.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];
/// Members of a schema that are one schema.
const ONE: [&str; 5] = ["items", "not", "additionalProperties", "contentSchema", "propertyNames"];
/// Members of a schema that are a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Changes each schema of `document`, the inner ones before those that hold them.
pub fn each_schema(document: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(|schema| within_schema(schema, change));
    }
    outside(document, change);
}

/// Looks for what is called `schema` in everything that is none.
fn outside(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "schema" => within_schema(member, change),
                    "schemas" => {}
                    name if DATA.contains(&name) => {}
                    _ => outside(member, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| outside(item, change)),
        _ => {}
    }
}

fn within_schema(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else { return };
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(|property| within_schema(property, change));
    }
    for name in ONE {
        if let Some(inner) = members.get_mut(name) {
            within_schema(inner, change);
        }
    }
    for name in LISTS {
        if let Some(Value::Array(list)) = members.get_mut(name) {
            for inner in list {
                within_schema(inner, change);
            }
        }
    }
    change(members);
}

/// The targets of all `$ref` of `value`, wherever they stand.
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

/// Changes every operation.
pub fn each_operation(document: &mut Value, change: &mut impl FnMut(&mut Value)) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    paths.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()).for_each(change);
}
