//! Comparison of the wire types, their operations and their OpenAPI components with the published contract.

pub mod contract;
mod openapi;
pub mod probe;
pub mod requests;
mod version_table;
mod versions;

use std::collections::BTreeSet;

use contract::{Contract, capitalized};
use ips_gateway::ips::types::*;
use probe::{Document, Field, Kind, Structs, probe};
use utoipa::ToSchema;

/// Operation as defined by the Rust types.
pub struct OperationRow {
    name: &'static str,
    request: &'static str,
    answer: &'static str,
    effect: Effect,
    /// Probes of the request and the answer.
    probes: [Probe; 2],
    /// Adds its components to a document.
    pub components: fn(&mut openapi::Components),
}

type Probe = fn(Document<'_>) -> Result<(Option<Kind>, Structs), serde::de::value::Error>;

fn row<T: Operation + ToSchema>() -> OperationRow
where
    T::Answer: ToSchema,
{
    OperationRow {
        name: T::NAME,
        request: T::REQUEST,
        answer: T::ANSWER,
        effect: T::EFFECT,
        probes: [probe::<T>, probe::<T::Answer>],
        components: |components| {
            openapi::collect::<T>(components);
            openapi::collect::<T::Answer>(components);
        },
    }
}

macro_rules! rows {
    ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        vec![$(row::<$request>()),+]
    };
}

/// Returns the rows of all operations.
pub fn operations() -> Vec<OperationRow> {
    for_each_operation!(rows)
}

/// Returns all structs that the operations consist of.
fn all_structs() -> Structs {
    let probes = operations().into_iter().flat_map(|row| row.probes);
    probes.flat_map(|probe| probe(Document::Complete).expect("a complete document is read").1).collect()
}

/// Returns whether every operation accepts the document.
fn is_read(document: Document<'_>) -> bool {
    operations().iter().flat_map(|row| row.probes).all(|probe| probe(document).is_ok())
}

/// Asserts that there are no differences; fails with all of them.
///
/// # Panics
/// There are differences.
#[track_caller]
pub fn assert_none(differences: Vec<String>) {
    assert!(differences.is_empty(), "{} differences from the contract:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_operation_table_matches_the_contract() {
    let contract = Contract::load();
    let names: Vec<_> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(OPERATIONS, names);
    for (row, operation) in operations().iter().zip(&contract.operations) {
        assert_eq!((row.name, row.request, row.answer), (&*operation.name, &*operation.request, &*operation.response));
        for (root, probe) in [row.request, row.answer].into_iter().zip(row.probes) {
            let (kind, _) = probe(Document::Complete).expect("a complete document is read");
            let Some(Kind::Struct(name)) = kind else { panic!("{root} is not a struct but {kind:?}") };
            assert_eq!(name, capitalized(root), "the type of {root}");
        }
        let reads = row.name.starts_with("get") || row.name == "checkLogin";
        assert_eq!(row.effect == Effect::Reads, reads, "the effect of {}", row.name);
    }
}

#[test]
fn every_type_has_the_fields_of_the_contract_in_their_order() {
    let (contract, structs) = (Contract::load(), all_structs());
    let requested = contract.requested();
    let mut differences = Vec::new();
    let mut walked_fields = 0;
    let mut walked_types = BTreeSet::new();

    for (type_name, expected) in contract.structs() {
        let Some(fields) = structs.get(type_name) else {
            differences.push(format!("{type_name}: no such struct"));
            continue;
        };
        walked_types.insert(type_name);
        let wanted: Vec<_> = expected.iter().map(|field| &*field.name).collect();
        let given = fields.iter().map(|field| field.name);
        let given: Vec<_> = given.filter(|name| !READ_BESIDES.contains(&(type_name, *name))).collect();
        differences.extend(order_differences(type_name, &wanted, &given));
        for field in expected {
            let Some(Field { kind, .. }) = fields.iter().find(|given| given.name == field.name) else { continue };
            walked_fields += 1;
            if let Some((wrapper, _)) = contract.types.get_key_value(&field.type_name)
                && contract.items(wrapper).is_some()
                && walked_types.insert(wrapper)
            {
                walked_fields += 1;
            }
            if !contract.matches(&field.type_name, requested.contains(type_name), kind) {
                differences.push(format!("{type_name}.{}: is {kind:?} instead of {}", field.name, field.type_name));
            }
        }
    }
    for name in structs.keys().filter(|name| !contract.types.contains_key(**name)) {
        differences.push(format!("{name}: not in the contract"));
    }
    assert_none(differences);
    assert_eq!((walked_types.len(), walked_fields), (104, 532), "types and fields of the contract");
}

/// Fields that are read besides those of the contract: a membership in the shape of its reference page.
const READ_BESIDES: [(&str, &str); 5] = [
    ("CompanyMembership", "companyHandle"),
    ("CompanyMembership", "name"),
    ("CompanyMembership", "rootPath"),
    ("CompanyMembership", "expires"),
    ("CompanyMembership", "imsOrgId"),
];

/// Returns the missing, extra and misordered fields of a type.
pub fn order_differences(type_name: &str, wanted: &[&str], given: &[&str]) -> Vec<String> {
    let missing = wanted.iter().filter(|name| !given.contains(name)).map(|name| format!("{type_name}.{name}: missing"));
    let extra = given.iter().filter(|name| !wanted.contains(name)).map(|name| format!("{type_name}.{name}: extra"));
    let mut differences: Vec<_> = missing.chain(extra).collect();
    if differences.is_empty()
        && let Some((name, instead)) = wanted.iter().zip(given).find(|(wanted, given)| wanted != given)
    {
        differences.push(format!("{type_name}.{instead}: out of order, {name} comes here"));
    }
    differences
}

/// Field that the wire requires and the body of `POST /jobs` may omit, if the query or the settings name the company.
pub const OPTIONAL_OVER_HTTP: (&str, &str) = ("SubmitJobParam", "companyHandle");

#[test]
fn requests_are_as_strict_as_the_contract_and_answers_not_stricter() {
    let (contract, structs) = (Contract::load(), all_structs());
    let requested = contract.requested();
    let mut differences = Vec::new();
    for (type_name, expected) in contract.structs() {
        let in_requests = requested.contains(type_name);
        for field in expected {
            let may_lack = is_read(Document::Without { type_name, field: &field.name });
            if field.may_lack() && !may_lack {
                differences.push(format!("{type_name}.{}: required, but the contract says optional", field.name));
            }
            let optional = structs[type_name].iter().any(|given| given.name == field.name && given.optional);
            let may_be_left_out = OPTIONAL_OVER_HTTP == (type_name, field.name.as_str());
            if in_requests && !field.may_lack() && !may_be_left_out && (may_lack || optional) {
                differences.push(format!("{type_name}.{}: optional, but the contract requires it", field.name));
            }
        }
        if in_requests && is_read(Document::WithUnknownField { type_name }) {
            differences.push(format!("{type_name}: accepts fields that the contract does not have"));
        }
    }
    assert_none(differences);
}
