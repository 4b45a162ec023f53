//! Documents that the gateway writes, against the contract of each API version.
//!
//! `WRITE_REQUESTS` names a folder for the requests of each version, which the SOAP test validates against the XML schema of that version.

use std::path::Path;
use std::{env, fs};

use ips_gateway::ips::soap::{AuthHeader, write_request};
use ips_gateway::ips::types::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use super::contract::{Contract, ContractField, capitalized};

/// XML element without its text.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Parses the body element of an envelope.
    pub fn body_of(envelope: &str) -> Self {
        let mut reader = Reader::from_str(envelope);
        reader.config_mut().expand_empty_elements = true;
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().expect("XML") {
                Event::Start(tag) => {
                    open.push(Self { name: tag.local_name().into_inner().to_owned(), children: Vec::new() });
                }
                Event::End(_) => {
                    let element = open.pop().expect("an element");
                    open.last_mut().expect("a parent").children.push(element);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let mut envelope = open.pop().and_then(|mut document| document.children.pop()).expect("an envelope");
        let body = envelope.children.pop().filter(|body| body.name == "Body").expect("a body");
        body.children.into_iter().next().expect("a body element")
    }
}

/// Returns the differences of an element from its type in a version: fields that the version is not known to have, and missing or misordered ones.
pub fn differences(contract: &Contract, version: &str, type_name: &str, element: &Element) -> Vec<String> {
    let fields = contract.types.get(type_name).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    let mut next = 0;
    for child in &element.children {
        let Some(index) = fields.iter().position(|field| field.name == child.name) else {
            found.push(format!("{type_name}.{}: unknown", child.name));
            continue;
        };
        let field = &fields[index];
        let availability = contract.field_availability(version, field);
        if availability != Availability::Has {
            found.push(format!("{type_name}.{}: {availability:?}", child.name));
        }
        if index < next {
            found.push(format!("{type_name}.{}: out of order", child.name));
        }
        next = if field.repeated { index } else { index + 1 };
        found.extend(differences(contract, version, &field.type_name, child));
    }
    let is_required =
        |field: &&ContractField| !field.optional && contract.field_availability(version, field) == Availability::Has;
    let is_missing = |field: &&ContractField| element.children.iter().all(|child| child.name != field.name);
    let missing = fields.iter().filter(is_required).filter(is_missing);
    found.extend(missing.map(|field| format!("{type_name}.{}: missing", field.name)));
    found
}

/// How many of the optional fields a request has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Options {
    None,
    All,
}

/// Returns a value of a type with the fields that a version has.
fn value(contract: &Contract, version: &str, options: Options, type_name: &str) -> Value {
    if let Some(items) = contract.items(type_name) {
        return json!([value(contract, version, options, &items.type_name)]);
    }
    match type_name {
        "xsd:string" => json!("text"),
        "xsd:dateTime" => json!("2026-03-02T15:00:00Z"),
        "xsd:boolean" => json!(true),
        "xsd:int" | "xsd:long" => json!(1),
        "xsd:double" => json!(0.5),
        _ => {
            let has = |field: &&ContractField| {
                contract.field_availability(version, field) == Availability::Has
                    && (!field.optional || options == Options::All)
            };
            let fields = contract.types[type_name].iter().filter(has);
            let values = fields.map(|field| (field.name.clone(), value(contract, version, options, &field.type_name)));
            Value::Object(values.collect::<Map<_, _>>())
        }
    }
}

/// Returns the requests of an operation in a version, each with a name: with and without options, and one for each kind of job.
fn requests(contract: &Contract, version: &str, operation: &str, type_name: &str) -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    for (suffix, options) in [("least", Options::None), ("all", Options::All)] {
        let request = value(contract, version, options, type_name);
        if operation != SubmitJobParam::NAME {
            requests.push((format!("{operation}-{suffix}"), request));
            continue;
        }
        for detail in &contract.types[type_name] {
            let has = contract.field_availability(version, detail) == Availability::Has;
            if !has || !SubmitJobParam::DETAILS.contains(&detail.name.as_str()) {
                continue;
            }
            let mut request = request.clone();
            let fields = request.as_object_mut().expect("an object");
            fields.retain(|name, _| !SubmitJobParam::DETAILS.contains(&name.as_str()));
            fields.insert(detail.name.clone(), value(contract, version, options, &detail.type_name));
            requests.push((format!("{operation}-{}-{suffix}", detail.name), request));
        }
    }
    requests
}

fn write<T: Operation>(request: Value, version: &str) -> Vec<u8> {
    let version: ApiVersion = version.parse().expect("a version");
    let auth = AuthHeader {
        user: Some("user@example.com".into()),
        password: Some("secret".into()),
        locale: Some("en-US".into()),
        app_name: "tests".into(),
        app_version: "1".into(),
        ..AuthHeader::default()
    };
    let request: T = serde_json::from_value(request).unwrap_or_else(|error| panic!("{}: {error}", T::NAME));
    write_request(&request, &version, &auth).unwrap_or_else(|error| panic!("{version} {}: {error}", T::NAME))
}

/// Writes a document below the folder that `WRITE_REQUESTS` names, for the SOAP test.
pub fn save(version: &str, name: &str, document: &[u8]) {
    let Some(folder) = env::var_os("WRITE_REQUESTS") else { return };
    let folder = Path::new(&folder).join(if version.is_empty() { "none" } else { version });
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(format!("{name}.xml")), document).expect("a file");
}

#[test]
fn the_requests_of_each_version_conform_to_its_contract() {
    let contract = Contract::load();
    let (mut found, mut count) = (Vec::new(), 0);
    for version in contract.versions.iter().map(|version| version.version.as_str()) {
        for operation in &contract.operations {
            if contract.operation_availability(version, operation) != Availability::Has {
                continue;
            }
            let type_name = capitalized(&operation.request);
            for (name, request) in requests(&contract, version, &operation.name, &type_name) {
                macro_rules! write {
                    ({ $operation:ident, $request_json:ident, $version:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
                        match $operation.name.as_str() {
                            $($name => write::<$request>($request_json, $version),)+
                            other => panic!("{other} is no operation"),
                        }
                    };
                }
                let document = for_each_operation!(write { operation, request, version });
                save(version, &name, &document);
                let text = String::from_utf8(document).expect("UTF-8");
                let body = Element::body_of(&text);
                let differences = differences(&contract, version, &type_name, &body);
                found.extend(differences.into_iter().map(|difference| format!("{version:?} {name}: {difference}")));
                count += 1;
            }
        }
    }
    super::assert_none(found);
    assert!(count > 13 * 35, "only {count} requests");
}
