//! Comparison of the OpenAPI components of the wire types with the published contract.

use std::collections::{BTreeMap, BTreeSet};

use ips_gateway::ips::types::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::contract::{Contract, ContractField};
use super::probe::{Kind, NOTE_FIELDS};
use super::{assert_none, operations, order_differences};

/// Beginning of what a description says about versions.
const VERSION: &str = " API version 2";

pub type Components = BTreeMap<String, RefOr<Schema>>;

/// Adds the component of a type and of all types it refers to.
pub fn collect<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.extend(schemas);
}

fn components() -> Components {
    let mut components = Components::new();
    for row in operations() {
        (row.components)(&mut components);
    }
    components
}

fn json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("a schema is JSON")
}

/// Returns the kind of a property; references to components other than structs are followed.
fn kind(components: &Components, property: &Value) -> Option<Kind> {
    if let Some(reference) = property["$ref"].as_str() {
        let (name, component) = components.get_key_value(reference.rsplit('/').next()?)?;
        return match component {
            RefOr::T(Schema::Object(object)) if !object.properties.is_empty() => {
                Some(Kind::Struct(String::leak(name.clone())))
            }
            other => kind(components, &json(other)),
        };
    }
    Some(match (property["type"].as_str()?, property["format"].as_str()) {
        ("string", Some("date-time")) => Kind::DateTime,
        ("string", None | Some("password")) => Kind::Text,
        ("boolean", None) => Kind::Bool,
        ("integer", Some("int32")) => Kind::Int,
        ("integer", Some("int64")) => Kind::Long,
        ("number", Some("double")) => Kind::Double,
        ("array", None) => Kind::Array(Box::new(kind(components, &property["items"])?)),
        _ => return None,
    })
}

#[test]
fn every_component_has_the_properties_of_the_contract_in_their_order() {
    let (contract, components) = (Contract::load(), components());
    let requested = contract.requested();
    let mut differences = Vec::new();
    for (type_name, expected) in contract.structs() {
        let Some(RefOr::T(Schema::Object(object))) = components.get(type_name) else {
            differences.push(format!("{type_name}: no component"));
            continue;
        };
        let description = object.description.as_deref().unwrap_or_default().replace('\n', " ");
        let marks: BTreeSet<_> = expected.iter().map(ContractField::mark).collect();
        let whole = marks.first().filter(|_| marks.len() == 1).cloned().flatten();
        if description.is_empty() || description.contains(VERSION) != whole.is_some() {
            differences.push(format!("{type_name}: described as {description:?}, though {whole:?}"));
        }
        let wanted: Vec<_> = expected.iter().map(|field| &*field.name).collect();
        let given = object.properties.keys().map(String::as_str).filter(|name| !NOTE_FIELDS.contains(name));
        let given: Vec<_> = given.collect();
        differences.extend(order_differences(type_name, &wanted, &given));
        for field in expected {
            let Some(property) = object.properties.get(&field.name).map(json) else { continue };
            let found = kind(&components, &property);
            if !found.is_some_and(|kind| contract.matches(&field.type_name, requested.contains(type_name), &kind)) {
                differences.push(format!("{type_name}.{}: is {property} instead of {}", field.name, field.type_name));
            }
            let required = object.required.contains(&field.name);
            let may_be_left_out = super::OPTIONAL_OVER_HTTP == (type_name, field.name.as_str());
            let strict = requested.contains(type_name) && !may_be_left_out;
            if required && field.may_lack() || strict && required == field.may_lack() {
                differences.push(format!("{type_name}.{}: required is {required}", field.name));
            }
            let description = property["description"].as_str().unwrap_or_default().replace('\n', " ");
            let mark = field.mark();
            if description.is_empty() || description.contains(VERSION) != mark.is_some() {
                differences.push(format!("{type_name}.{}: described as {description:?}", field.name));
            } else if mark.as_ref().is_some_and(|mark| !description.ends_with(mark)) {
                differences.push(format!("{type_name}.{}: {description:?} doesn't end with {mark:?}", field.name));
            }
        }
    }
    for (name, component) in &components {
        let component = json(component);
        if component.to_string().contains("\"null\"") {
            differences.push(format!("{name}: may be null"));
        }
        let is_note = name == &UnreadableValue::name();
        if component["type"] == "object" && !contract.types.contains_key(name) && !is_note {
            differences.push(format!("{name}: not in the contract"));
        }
    }
    assert_none(differences);
}

/// Asserts that each example of a type survives a round trip through the type.
fn check_examples<T: ToSchema + Serialize + DeserializeOwned>() {
    let RefOr::T(Schema::Object(object)) = T::schema() else { panic!("{} is not an object", T::name()) };
    assert!(!object.examples.is_empty(), "{} has no example", T::name());
    for example in object.examples {
        let read: T = serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{}: {error}", T::name()));
        assert_eq!(serde_json::to_value(read).expect("it is JSON"), example, "{}", T::name());
    }
}

#[test]
fn every_submittable_type_has_an_example_that_parses() {
    check_examples::<SubmitJobParam>();
    check_examples::<ImageServingPublishJob>();
    check_examples::<ImageRenderingPublishJob>();
    check_examples::<VideoPublishJob>();
    check_examples::<ServerDirectoryPublishJob>();
    check_examples::<MetadataPublishJob>();
    check_examples::<UploadDirectoryJob>();
    check_examples::<UploadUrlsJob>();
    check_examples::<OptimizeImagesJob>();
    check_examples::<RipPdfsJob>();
    check_examples::<ReprocessAssetsJob>();
    check_examples::<CreateVideoSitemapJob>();
    check_examples::<ExportJob>();
    check_examples::<AutomatedSetGenerationJob>();
}
