//! Examples that have no place in the code: of answers by their schema, of parameters by their name.

use serde_json::{Value, json};

use super::walk;

const EXAMPLES: &str = include_str!("examples.json");

/// Gives `document` its examples. Those of parameters that may be left out stand in their schemas: pages that try a call out fill in what
/// a parameter itself shows, and few calls want all of it.
///
/// # Panics
/// Never: the examples are JSON, and of schemas that are there.
pub fn add_examples(document: &mut Value) {
    let examples: Value = serde_json::from_str(EXAMPLES).expect("the examples are JSON");
    for (name, example) in examples["schemas"].as_object().into_iter().flatten() {
        let schema = document.pointer_mut(&format!("/components/schemas/{name}"));
        schema.unwrap_or_else(|| panic!("the schema {name}"))["examples"] = json!([example]);
    }
    walk::each_operation(document, &mut |operation| {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter_map(Value::as_object_mut) {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let example = examples["parameters"].get(name).cloned();
            let own = if parameter.get("required") == Some(&json!(true)) { None } else { parameter.remove("example") };
            if let Some(example) = own.or(example) {
                parameter["schema"]["examples"] = json!([example]);
            }
        }
        for (_, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            for (media, content) in answer.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
                if let Some(example) = examples["media"].get(media) {
                    content["example"] = example.clone();
                }
            }
        }
    });
}
