//! Every field of every operation in every API version: what is written, what is refused, and what is read.

use std::collections::BTreeSet;

use ips_gateway::ips::codec::WriteReason;
use ips_gateway::ips::soap::{AuthHeader, Reply, Request, read_answer, write_answer, write_request};
use ips_gateway::ips::types::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::contract::{Contract, ContractField, ContractOperation, ContractVersion, capitalized};

/// Versions besides those of the contract: between two known ones, and newer than all.
const OTHERS: [&str; 3] = ["2011-11-04", "2013-08-29-beta", "2023-01-15"];

/// A field within a request or an answer: the fields from the root to it.
type FieldPath<'a> = Vec<&'a ContractField>;

/// Returns all fields that a root type consists of, each type once.
fn paths<'a>(contract: &'a Contract, root: &str) -> Vec<FieldPath<'a>> {
    let mut found = Vec::new();
    let mut visited = BTreeSet::from([root.to_owned()]);
    let mut left = vec![(root.to_owned(), FieldPath::new())];
    while let Some((type_name, path)) = left.pop() {
        for field in &contract.types[&type_name] {
            let mut path = path.clone();
            path.push(field);
            let item = contract.items(&field.type_name).map_or(&field.type_name, |items| &items.type_name);
            if contract.types.contains_key(item) && visited.insert(item.clone()) {
                left.push((item.clone(), path.clone()));
            }
            found.push(path);
        }
    }
    found
}

/// Returns the least value of a type that has the fields of a path.
fn value(contract: &Contract, version: &str, type_name: &str, path: &[&ContractField]) -> Value {
    if let Some(items) = contract.items(type_name) {
        return json!([value(contract, version, &items.type_name, path)]);
    }
    match type_name {
        "xsd:string" => json!("text"),
        "xsd:dateTime" => json!("2026-03-02T15:00:00Z"),
        "xsd:boolean" => json!(true),
        "xsd:int" | "xsd:long" => json!(1),
        "xsd:double" => json!(0.5),
        _ => {
            let fields = &contract.types[type_name];
            // A struct without any element is read as absent, so one element is always present.
            let availability = |field: &ContractField| contract.field_availability(version, field);
            let known = fields.iter().find(|field| availability(field) == Availability::Has);
            let available = || fields.iter().find(|field| availability(field) != Availability::Lacks);
            let filler = known.or_else(available).filter(|_| fields.iter().all(ContractField::may_lack));
            let chosen = path.first().copied().or(filler);
            let is_chosen =
                |field: &&ContractField| !field.may_lack() || chosen.is_some_and(|chosen| chosen.name == field.name);
            let fields = fields.iter().filter(is_chosen).map(|field| {
                let inner = match path.split_first() {
                    Some((first, rest)) if first.name == field.name => rest,
                    _ => &[],
                };
                (field.name.clone(), value(contract, version, &field.type_name, inner))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// Returns the JSON pointer to the field at the end of a path.
fn pointer(contract: &Contract, path: &[&ContractField]) -> String {
    let mut pointer = String::new();
    for (index, field) in path.iter().enumerate() {
        pointer.extend(["/", &field.name]);
        if index + 1 < path.len() && contract.items(&field.type_name).is_some() {
            pointer += "/0";
        }
    }
    pointer
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

/// Walk over one operation.
struct Walk<'a> {
    contract: &'a Contract,
    operation: &'a ContractOperation,
    version: &'a str,
    differences: Vec<String>,
    walked: usize,
}

impl Walk<'_> {
    /// Returns the index of the first field of a path that the version lacks.
    fn first_lacked(&self, path: &[&ContractField]) -> Option<usize> {
        path.iter().position(|field| self.contract.field_availability(self.version, field) == Availability::Lacks)
    }

    fn differ(&mut self, path: &[&ContractField], difference: &str) {
        let (operation, pointer) = (&self.operation.name, pointer(self.contract, path));
        self.differences.push(format!("{:?} {operation} {pointer}: {difference}", self.version));
    }

    fn requests<T: Operation>(&mut self) {
        let (contract, root) = (self.contract, capitalized(&self.operation.request));
        let version: ApiVersion = self.version.parse().expect("a version");
        let lacks_operation = contract.operation_availability(self.version, self.operation) == Availability::Lacks;
        for path in paths(contract, &root) {
            self.walked += 1;
            let request: T = serde_json::from_value(value(contract, self.version, &root, &path)).expect("a request");
            let written = write_request(&request, &version, &AuthHeader::default());
            let lacked = self.first_lacked(&path).map(|index| pointer(contract, &path[..=index]));
            match (written, lacked) {
                (Err(error), _) if lacks_operation => {
                    if !matches!(error.reason, WriteReason::Operation { .. }) {
                        self.differ(&path, &format!("refused because of {error}, though the operation is lacked"));
                    }
                }
                (Err(error), Some(lacked)) => {
                    if error.pointer != lacked || !matches!(error.reason, WriteReason::Version { .. }) {
                        self.differ(&path, &format!("refused because of {error}"));
                    }
                }
                (Err(error), None) => self.differ(&path, &format!("refused: {error}")),
                (Ok(_), Some(_)) => self.differ(&path, "written, though the version lacks it"),
                (Ok(document), None) => {
                    let read = Request::parse(&document, None).and_then(|parsed| parsed.read::<T>());
                    match read {
                        Ok(read) if json(&read) == json(&request) => {}
                        Ok(_) => self.differ(&path, "read as another request"),
                        Err(error) => self.differ(&path, &format!("not read: {error}")),
                    }
                }
            }
        }
    }

    fn answers<T: Operation>(&mut self) {
        let (contract, root) = (self.contract, capitalized(&self.operation.response));
        if contract.operation_availability(self.version, self.operation) == Availability::Lacks {
            return;
        }
        let version: ApiVersion = self.version.parse().expect("a version");
        for path in paths(contract, &root) {
            self.walked += 1;
            let answer: T::Answer =
                serde_json::from_value(value(contract, self.version, &root, &path)).expect("an answer");
            let document = write_answer::<T>(&answer, &version).expect("a document");
            let read = match read_answer::<T>(&document, None) {
                Ok(Reply::Answer(answer)) if answer.bad_items.is_empty() => json(&answer.value),
                _ => Value::Null,
            };
            let is_read = read.pointer(&pointer(contract, &path)).is_some();
            let has = |field: &&ContractField| contract.field_availability(self.version, field) == Availability::Has;
            // A struct without any field that the version is known to have is empty, and read as absent.
            let fields = path.last().filter(|field| contract.items(&field.type_name).is_none());
            let fields = fields.and_then(|field| contract.types.get(&field.type_name));
            let is_empty = fields.is_some_and(|fields| !fields.is_empty() && !fields.iter().any(|field| has(&field)));
            if is_read != (path.iter().all(has) && !is_empty) {
                self.differ(&path, &format!("read: {is_read}"));
            }
        }
    }
}

#[test]
fn each_version_has_lacks_or_may_lack_what_the_contract_says() {
    let contract = Contract::load();
    let mut counts = [0; 3];
    for name in contract.versions.iter().map(|version| version.version.as_str()).chain(OTHERS) {
        let version: ApiVersion = name.parse().expect("a version");
        for (type_name, fields) in contract.structs() {
            for field in fields {
                let (is, should) =
                    (version.availability(type_name, &field.name), contract.field_availability(name, field));
                assert_eq!(is, should, "{name:?}: {type_name}.{}", field.name);
                counts[is as usize] += 1;
            }
        }
        for operation in &contract.operations {
            let should = contract.operation_availability(name, operation);
            assert_eq!(version.operation_availability(&operation.name), should, "{name:?}: {}", operation.name);
        }
    }
    assert!(counts.iter().all(|count| *count > 100), "fields that versions have, lack and may lack: {counts:?}");
}

#[test]
fn the_versions_are_those_of_the_contract() {
    let contract = Contract::load();
    let expected: Vec<_> =
        contract.versions.iter().map(|version| (version.version.as_str(), version.schema.is_some())).collect();
    let versions = API_VERSIONS.iter();
    let known: Vec<_> = versions.map(|version| (version.name, version.schema == SchemaKnowledge::Whole)).collect();
    assert_eq!(known, expected);
    assert_eq!(known.len(), 13);
}

/// Walks over every operation in every version; returns the number of fields.
fn walk(step: fn(&mut Walk<'_>)) -> usize {
    let contract = Contract::load();
    let (mut differences, mut walked) = (Vec::new(), 0);
    for ContractVersion { version, .. } in &contract.versions {
        for operation in &contract.operations {
            let mut walk = Walk { contract: &contract, operation, version, differences: Vec::new(), walked: 0 };
            step(&mut walk);
            differences.append(&mut walk.differences);
            walked += walk.walked;
        }
    }
    super::assert_none(differences);
    walked
}

macro_rules! step {
    ({ $walk:ident, $step:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        match $walk.operation.name.as_str() {
            $($name => $walk.$step::<$request>(),)+
            other => panic!("{other} is no operation"),
        }
    };
}

#[test]
fn every_field_of_a_request_is_written_or_refused_by_each_version() {
    let walked = walk(|walk| for_each_operation!(step { walk, requests }));
    assert!(walked > 13 * 300, "only {walked} fields");
}

#[test]
fn every_field_of_an_answer_is_written_or_left_out_by_each_version() {
    let walked = walk(|walk| for_each_operation!(step { walk, answers }));
    assert!(walked > 13 * 300, "only {walked} fields");
}
