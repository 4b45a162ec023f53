//! `schema.json`: the published contract of the job operations, independent of the wire types.

use std::collections::{BTreeMap, BTreeSet};

use ips_gateway::ips::types::Availability;
use serde::Deserialize;

use super::probe::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    pub versions: Vec<ContractVersion>,
    pub operations: Vec<ContractOperation>,
    /// Types with their former fields.
    pub types: BTreeMap<String, Vec<ContractField>>,
    former: BTreeMap<String, Vec<ContractField>>,
    former_types: BTreeMap<String, Vec<ContractField>>,
}

#[derive(Deserialize)]
pub struct ContractVersion {
    pub version: String,
    /// What kind of document shows the whole schema of the version.
    pub schema: Option<String>,
}

#[derive(Deserialize)]
pub struct ContractOperation {
    pub name: String,
    pub request: String,
    pub response: String,
    pub since: Option<String>,
    pub until: Option<String>,
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
    /// Last version with the field, of a former one.
    pub until: Option<String>,
    /// Field before a former one.
    after: Option<String>,
}

impl Contract {
    pub fn load() -> Self {
        let text = include_str!("schema.json");
        let mut contract: Self = serde_json::from_str(text).expect("schema.json has the expected structure");
        contract.types.append(&mut contract.former_types);
        for (type_name, fields) in std::mem::take(&mut contract.former) {
            let known = contract.types.get_mut(&type_name).expect("a former field has a type");
            for field in fields {
                let before = known.iter().position(|known| Some(&known.name) == field.after.as_ref());
                known.insert(before.map_or(0, |before| before + 1), field);
            }
        }
        contract
    }

    /// Returns whether a version has what `since` and `until` bound, by the rule that the contract states under `read`.
    pub fn availability(&self, version: &str, since: Option<&str>, until: Option<&str>) -> Availability {
        let date = |version: &str| version.chars().take(10).collect::<String>();
        let (own, since, until) = (date(version), date(since.unwrap_or_default()), until.map(date));
        if since <= own && until.as_ref().is_none_or(|until| own <= *until) {
            return Availability::Has;
        }
        let whole = || self.versions.iter().filter(|known| known.schema.is_some()).map(|known| date(&known.version));
        if whole().any(|known| known == own) {
            return Availability::Lacks;
        }
        let earlier = whole().filter(|known| *known < own).max().unwrap_or_default();
        let later = whole().filter(|known| *known > own).min().unwrap_or("9".into());
        let is_new_in_the_next = own < since && since <= later;
        let was_in_the_last = until.is_some_and(|until| earlier <= until && until < own);
        if is_new_in_the_next || was_in_the_last { Availability::Unknown } else { Availability::Lacks }
    }

    /// Returns whether a version has a field.
    pub fn field_availability(&self, version: &str, field: &ContractField) -> Availability {
        self.availability(version, field.since.as_deref(), field.until.as_deref())
    }

    /// Returns whether a version has an operation.
    pub fn operation_availability(&self, version: &str, operation: &ContractOperation) -> Availability {
        self.availability(version, operation.since.as_deref(), operation.until.as_deref())
    }

    /// Returns the only field of an array type, which is a vector in Rust.
    pub fn items(&self, type_name: &str) -> Option<&ContractField> {
        match self.types.get(type_name)?.as_slice() {
            [field] if field.repeated => Some(field),
            _ => None,
        }
    }

    /// Returns the types that are structs in Rust.
    pub fn structs(&self) -> impl Iterator<Item = (&str, &[ContractField])> {
        self.types
            .iter()
            .filter(|(name, _)| self.items(name).is_none())
            .map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }

    /// Returns the types that requests consist of.
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

    /// Returns whether a kind of Rust value fits a type of the contract.
    pub fn matches(&self, type_name: &str, requested: bool, kind: &Kind) -> bool {
        match kind {
            Kind::Text => type_name == "xsd:string",
            Kind::DateTime => type_name == "xsd:dateTime",
            Kind::Bool => type_name == "xsd:boolean",
            Kind::Double => type_name == "xsd:double",
            Kind::Int => type_name == "xsd:int" && requested,
            // Integers in answers have 64 bits, since sizes exceed the `int` of the schema.
            Kind::Long => type_name == "xsd:long" || (type_name == "xsd:int" && !requested),
            Kind::Struct(name) => type_name == *name,
            Kind::Array(item) => {
                self.items(type_name).is_some_and(|items| self.matches(&items.type_name, requested, item))
            }
        }
    }
}

impl ContractField {
    /// Whether the field may be left out: former fields may, since newer versions lack them.
    pub fn may_lack(&self) -> bool {
        self.optional || self.until.is_some()
    }

    /// Returns what descriptions say about versions: nothing about what the default version has and no version dropped.
    pub fn mark(&self) -> Option<String> {
        match (self.since.as_deref(), self.until.as_deref()) {
            (Some(since), Some(until)) if since == until => Some(format!("Only in API version {since}.")),
            (_, Some(until)) => Some(format!("Up to API version {until}.")),
            (Some(since), None) if since.get(..10) > Some("2014-04-03") => Some(format!("Since API version {since}.")),
            _ => None,
        }
    }
}

/// Returns the type name of a body element: `SubmitJobParam` of `submitJobParam`.
pub fn capitalized(root: &str) -> String {
    root[..1].to_uppercase() + &root[1..]
}
