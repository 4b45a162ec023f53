//! Shapes that generators make good clients of: objects in place of compositions, a job by its phase, a submit by its kind.
//!
//! The types of Rust stay as they are; what is here follows from their schemas mechanically.

use serde_json::{Map, Value, json};

use super::walk::references;

type Schema = Map<String, Value>;
type Schemas = Map<String, Value>;

const REFERENCE: &str = "#/components/schemas/";

/// The job, as each list of IPS gives it: the component of its fields, the component of the job, and its phases there. By the phase, and
/// by the names that are required, each job is of one of them only.
const JOBS: [(&str, &str, &[&str]); 4] = [
    ("ActiveJob", "ActiveJob", &["active"]),
    ("ScheduledJob", "ScheduledJob", &["scheduled"]),
    ("JobLog", "CompletedJob", &["completed"]),
    ("SubmittedJob", "SubmittedJob", &["active", "scheduled"]),
];

/// Gives all components their shapes.
pub fn shape(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    split_job(schemas);
    split_submit(schemas);
    flatten(schemas);
    drop_unused(document);
}

/// Whatever is composed of objects becomes one object.
fn flatten(schemas: &mut Schemas) {
    let composed: Vec<_> =
        schemas.iter().filter(|(_, schema)| schema.get("allOf").is_some()).map(|(name, _)| name.clone()).collect();
    for name in composed {
        let flat = object(&schemas[&name], schemas);
        schemas[&name] = Value::Object(flat);
    }
}

/// The members of an object, those of the objects that it is composed of after its own.
fn object(schema: &Value, schemas: &Schemas) -> Schema {
    if let Some(name) = target(schema) {
        return object(&schemas[name], schemas);
    }
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    let parts = whole.remove("allOf");
    // A part that is no reference holds what the type has beside the types that it takes in.
    let (taken, own): (Vec<_>, Vec<_>) =
        parts.as_ref().and_then(Value::as_array).into_iter().flatten().partition(|part| target(part).is_some());
    for part in own.into_iter().chain(taken) {
        merge(&mut whole, object(part, schemas));
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

/// A job is one of four, told apart by `phase`: in TypeScript `job.phase === "completed"` then says which fields there are.
fn split_job(schemas: &mut Schemas) {
    let observed = schemas["Job"].clone();
    let mut kinds = Vec::new();
    for (fields, component, phases) in JOBS {
        let mut alone = schemas.clone();
        alone["Record"] = schemas[fields].clone();
        let mut job = object(&observed, &alone);
        job["description"] = schemas[fields]["description"].clone();
        job["properties"]["phase"] =
            json!({ "type": "string", "description": "Which of the lists of IPS knows it.", "enum": phases });
        kinds.push((component, job));
    }
    let references: Vec<_> = kinds.iter().map(|(component, _)| reference(component)).collect();
    let description = observed["description"].clone();
    schemas["Job"] = json!({ "description": description, "oneOf": references });
    schemas.extend(kinds.into_iter().map(|(component, job)| (component.to_owned(), Value::Object(job))));
}

/// A submit holds the details of exactly one kind of job: one component for each, with what they share.
fn split_submit(schemas: &mut Schemas) {
    let whole = schemas["SubmitJobParam"].clone();
    let (kinds, shared): (Vec<_>, Vec<_>) = whole["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .partition(|(name, property)| name.ends_with("Job") && target(property).is_some());
    let mut variants = Vec::new();
    for (element, property) in kinds {
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

/// Components that nothing leads to any more go.
pub fn drop_unused(document: &mut Value) {
    loop {
        let mut used = Vec::new();
        references(document, &mut used);
        let used: Vec<_> =
            used.into_iter().filter_map(|used| used.strip_prefix(REFERENCE)).map(str::to_owned).collect();
        let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return schemas.sort_keys();
        }
    }
}

fn target(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(REFERENCE)
}

fn reference(component: &str) -> Value {
    json!({ "$ref": format!("{REFERENCE}{component}") })
}
