//! The examples of the OpenAPI document, sent unchanged.

use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::{Value, json};

use crate::support::{World, id};

/// The element of each kind of job in submitJobParam, and the schema of its value.
fn kinds(document: &Value) -> Vec<(String, String)> {
    let schemas = &document["components"]["schemas"];
    let variants = schemas["SubmitJobParam"]["oneOf"].as_array().expect("a choice");
    let properties = variants.iter().map(|variant| schemas[reference(variant)]["properties"].as_object());
    let details =
        properties.flat_map(|properties| properties.expect("an object")).filter(|(name, _)| name.ends_with("Job"));
    details.map(|(name, property)| (name.clone(), reference(property))).collect()
}

/// The schema that a property refers to, directly or within a composition that adds a description.
fn reference(property: &Value) -> String {
    let composed = ["oneOf", "allOf", "anyOf"].iter().filter_map(|key| property[key].as_array()).flatten();
    let mut references = std::iter::once(property).chain(composed).filter_map(|schema| schema["$ref"].as_str());
    let found = references.next().unwrap_or_else(|| panic!("no reference: {property:#}"));
    found.rsplit('/').next().expect("a name").to_owned()
}

#[tokio::test]
async fn the_example_of_every_kind_of_job_can_be_submitted() {
    let world = World::empty();
    let document = world.gateway.get("/openapi.json").await.ok();
    let kinds = kinds(&document);
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    for (element, schema) in kinds {
        let examples = document["components"]["schemas"][&schema]["examples"].as_array();
        let examples = examples.unwrap_or_else(|| panic!("{schema} has no examples"));
        for example in examples {
            let mut body = json!({ "jobName": element });
            body[&element] = example.clone();
            let job = world.gateway.submit(&body).await;
            let active = world.gateway.job(&id(&job)).await;
            let shown = &active[&element];
            assert!(shown.is_object(), "the job shows its {element}: {active:#}");
            for (field, value) in example.as_object().expect("an object") {
                assert_eq!(&shown[field], value, "{element}.{field}: {active:#}");
            }
        }
    }
}

#[tokio::test]
async fn every_request_example_is_accepted() {
    let world = World::empty();
    let document = world.gateway.get("/openapi.json").await.ok();
    let content = &document["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"];
    let mut bodies: Vec<_> =
        content["examples"].as_object().expect("examples").values().map(|e| e["value"].clone()).collect();
    let of_schema = document["components"]["schemas"]["SubmitJobParam"]["examples"].as_array();
    bodies.extend(of_schema.expect("examples").iter().cloned());
    assert!(bodies.len() >= 2, "{content:#}");
    for body in bodies {
        world.gateway.post_json("/jobs", &body).await.expect(202);
    }
    // An administrator of two companies has to name one.
    let both = world.gateway.as_user(&BOTH_COMPANIES);
    for example in content["examples"].as_object().expect("examples").values() {
        both.post_json("/jobs?companyHandle=c%7C47", &example["value"]).await.expect(202);
    }
}

#[tokio::test]
async fn every_query_example_is_accepted() {
    let world = World::seeded();
    let document = world.gateway.get("/openapi.json").await.ok();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        // An event stream has no end.
        if path.ends_with("/events") {
            continue;
        }
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            let example = &parameter["schema"]["examples"][0];
            // A cursor has to be from an earlier response.
            if example.is_null() || name == "cursor" {
                continue;
            }
            let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
            let path =
                path.replace("{job}", &job).replace("{assetHandle}", "a%7C11004").replace("{company}", "c%7C110");
            let value = in_a_query(example);
            let mut query = vec![(name, value.as_str())];
            // A filter of completed jobs only.
            if (path.as_str(), name) == ("/jobs", "userHandle") {
                query.push(("phase", "completed"));
            }
            world.gateway.get(&path).query(&query).await.expect(200);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} examples");
}

/// A value in a query string: lists are separated by commas.
fn in_a_query(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_a_query).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
