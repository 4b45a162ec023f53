//! Reshapes the schemas for client generators: `allOf` becomes one object, `Job` a union discriminated by `phase`, and `SubmitJobParam` a
//! union with one variant per job type. The Rust types stay unchanged.

use serde_json::{Map, Value, json};

use super::walk::references;

type Schema = Map<String, Value>;
type Schemas = Map<String, Value>;

const REFERENCE_PREFIX: &str = "#/components/schemas/";

/// Variants of `Job`, one for each IPS list: the schema of the record, the schema of the variant, and its phases. Phases and required
/// properties make the variants disjoint.
const JOB_VARIANTS: [(&str, &str, &[&str]); 4] = [
    ("ActiveJob", "ActiveJob", &["active"]),
    ("ScheduledJob", "ScheduledJob", &["scheduled"]),
    ("JobLog", "CompletedJob", &["completed"]),
    ("SubmittedJob", "SubmittedJob", &["active", "scheduled"]),
];

/// Reshapes all schemas of the document.
pub fn reshape(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    split_job(schemas);
    split_submit(schemas);
    flatten_compositions(schemas);
    remove_unused(document);
}

/// Replaces each schema with `allOf` by one object.
fn flatten_compositions(schemas: &mut Schemas) {
    let composed: Vec<_> =
        schemas.iter().filter(|(_, schema)| schema.get("allOf").is_some()).map(|(name, _)| name.clone()).collect();
    for name in composed {
        let flat = flattened(&schemas[&name], schemas);
        schemas[&name] = Value::Object(flat);
    }
}

/// Returns a schema with references and `allOf` resolved: its own properties first, then those of the referenced schemas.
fn flattened(schema: &Value, schemas: &Schemas) -> Schema {
    if let Some(name) = target(schema) {
        return flattened(&schemas[name], schemas);
    }
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    let parts = whole.remove("allOf");
    // utoipa writes flattened fields as references and the type's own fields as an inline schema.
    let (referenced, own): (Vec<_>, Vec<_>) =
        parts.as_ref().and_then(Value::as_array).into_iter().flatten().partition(|part| target(part).is_some());
    for part in own.into_iter().chain(referenced) {
        merge(&mut whole, flattened(part, schemas));
    }
    whole
}

fn merge(whole: &mut Schema, part: Schema) {
    for (name, member) in part {
        match (whole.get_mut(&name), member) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) if name == "required" => known.extend(more),
            (Some(_), _) => {}
            (None, member) => drop(whole.insert(name, member)),
        }
    }
}

/// Makes `Job` a union discriminated by `phase`: in TypeScript `job.phase === "completed"` then narrows the type.
fn split_job(schemas: &mut Schemas) {
    let observed = schemas["Job"].clone();
    let mut variants = Vec::new();
    for (record, variant, phases) in JOB_VARIANTS {
        let mut with_record = schemas.clone();
        with_record["Record"] = schemas[record].clone();
        let mut job = flattened(&observed, &with_record);
        job["description"] = schemas[record]["description"].clone();
        job["properties"]["phase"] =
            json!({ "type": "string", "description": "The IPS list that contains the job.", "enum": phases });
        variants.push((variant, job));
    }
    let references: Vec<_> = variants.iter().map(|(variant, _)| reference(variant)).collect();
    let description = observed["description"].clone();
    schemas["Job"] = json!({ "description": description, "oneOf": references });
    schemas.extend(variants.into_iter().map(|(variant, job)| (variant.to_owned(), Value::Object(job))));
}

/// Makes `SubmitJobParam` a union with one variant per job type: the shared properties and the details of exactly one type.
fn split_submit(schemas: &mut Schemas) {
    let whole = schemas["SubmitJobParam"].clone();
    let (details_properties, shared): (Vec<_>, Vec<_>) = whole["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .partition(|(name, property)| name.ends_with("Job") && target(property).is_some());
    let mut variants = Vec::new();
    for (element, property) in details_properties {
        let details = target(property).and_then(|name| schemas.get(name)).unwrap_or(&Value::Null);
        let mut properties: Schema =
            shared.iter().map(|(name, property)| ((*name).clone(), (*property).clone())).collect();
        properties.insert(element.clone(), property.clone());
        let mut required = whole["required"].as_array().cloned().unwrap_or_default();
        required.push(json!(element));
        let mut variant = json!({
            "type": "object",
            "description": property["description"],
            "required": required,
            "properties": properties,
            "additionalProperties": false,
            "examples": [{ "jobName": "spring-catalogue", element: details["examples"][0] }],
        });
        if property["deprecated"] == true {
            variant["deprecated"] = json!(true);
        }
        variants.push((format!("Submit{}{}", element[..1].to_uppercase(), &element[1..]), variant));
    }
    schemas["SubmitJobParam"] = json!({
        "description": whole["description"],
        "oneOf": variants.iter().map(|(name, _)| reference(name)).collect::<Vec<_>>(),
        "examples": whole["examples"],
    });
    schemas.extend(variants);
}

/// Removes schemas that nothing refers to, and sorts the others by name.
pub fn remove_unused(document: &mut Value) {
    loop {
        let mut used = Vec::new();
        references(document, &mut used);
        let used: Vec<_> =
            used.into_iter().filter_map(|used| used.strip_prefix(REFERENCE_PREFIX)).map(str::to_owned).collect();
        let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return schemas.sort_keys();
        }
    }
}

/// Returns the schema name of a `$ref`.
fn target(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(REFERENCE_PREFIX)
}

/// Returns a `$ref` to a schema.
fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("{REFERENCE_PREFIX}{schema}") })
}
