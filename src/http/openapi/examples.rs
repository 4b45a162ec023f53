//! Examples of responses and parameters, from `examples.json`: by schema name, by parameter name and by media type.

use serde_json::{Value, json};

use super::walk;

const EXAMPLES: &str = include_str!("examples.json");

/// Adds the examples. Those of optional parameters are added to the parameter's schema: Swagger UI fills in the example of a parameter
/// itself, and most requests use few optional parameters.
///
/// # Panics
/// Never: `examples.json` is valid, and tests build the document.
pub fn add_examples(document: &mut Value) {
    let examples: Value = serde_json::from_str(EXAMPLES).expect("examples.json is JSON");
    for (name, example) in examples["schemas"].as_object().into_iter().flatten() {
        let schema = document.pointer_mut(&format!("/components/schemas/{name}"));
        schema.unwrap_or_else(|| panic!("the schema {name}"))["examples"] = json!([example]);
    }
    walk::each_operation(document, &mut |operation| {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter_map(Value::as_object_mut) {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let example = examples["parameters"].get(name).cloned();
            let is_required = parameter.get("required") == Some(&json!(true));
            let declared = if is_required { None } else { parameter.remove("example") };
            if let Some(example) = declared.or(example) {
                parameter["schema"]["examples"] = json!([example]);
            }
        }
        for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            for (media_type, content) in
                response.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten()
            {
                if let Some(example) = examples["media"].get(media_type) {
                    content["example"] = example.clone();
                }
            }
        }
    });
}
