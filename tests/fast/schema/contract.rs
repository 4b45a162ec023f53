//! `schema.json`: the published contract of the job operations, an independent source for the tests of the wire types.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::probe::Kind;

#[derive(Deserialize)]
pub struct Contract {
    pub operations: Vec<ContractOperation>,
    pub types: BTreeMap<String, Vec<ContractField>>,
}

#[derive(Deserialize)]
pub struct ContractOperation {
    pub name: String,
    pub request: String,
    pub response: String,
}

#[derive(Deserialize)]
pub struct ContractField {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default)]
    pub optional: bool,
    #[serde(default)]
    pub repeated: bool,
    pub since: Option<String>,
}

impl Contract {
    pub fn load() -> Self {
        serde_json::from_str(include_str!("schema.json")).expect("schema.json has its known shape")
    }

    /// The only field of an array type, which is a vector in Rust.
    pub fn items(&self, type_name: &str) -> Option<&ContractField> {
        match self.types.get(type_name)?.as_slice() {
            [field] if field.repeated => Some(field),
            _ => None,
        }
    }

    /// The types that are structs in Rust.
    pub fn structs(&self) -> impl Iterator<Item = (&str, &[ContractField])> {
        self.types
            .iter()
            .filter(|(name, _)| self.items(name).is_none())
            .map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }

    /// The types of requests.
    pub fn requested(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut left: Vec<_> = self.operations.iter().map(|operation| capitalized(&operation.request)).collect();
        while let Some(name) = left.pop() {
            if let Some((name, fields)) = self.types.get_key_value(&name)
                && found.insert(name.as_str())
            {
                left.extend(fields.iter().map(|field| field.type_name.clone()));
            }
        }
        found
    }

    /// The version that introduced a field; of an array the later one of itself and its items.
    pub fn since<'a>(&'a self, field: &'a ContractField) -> Option<&'a str> {
        let items = self.items(&field.type_name).and_then(|items| items.since.as_deref());
        field.since.as_deref().max(items)
    }

    /// The expected Rust kind of a type of the contract.
    pub fn matches(&self, type_name: &str, requested: bool, kind: &Kind) -> bool {
        match kind {
            Kind::Text => type_name == "xsd:string",
            Kind::DateTime => type_name == "xsd:dateTime",
            Kind::Bool => type_name == "xsd:boolean",
            Kind::Double => type_name == "xsd:double",
            Kind::Int => type_name == "xsd:int" && requested,
            // Counts of IPS exceed its `int`.
            Kind::Long => type_name == "xsd:long" || (type_name == "xsd:int" && !requested),
            Kind::Struct(name) => type_name == *name,
            Kind::Array(item) => {
                self.items(type_name).is_some_and(|items| self.matches(&items.type_name, requested, item))
            }
        }
    }
}

/// The type of a body element: `submitJobParam` is a `SubmitJobParam`.
pub fn capitalized(root: &str) -> String {
    root[..1].to_uppercase() + &root[1..]
}
