//! The wire types, operations and OpenAPI components against the published contract.

pub mod contract;
mod openapi;
pub mod probe;

use std::collections::BTreeSet;

use contract::{Contract, capitalized};
use ips_gateway::ips::types::*;
use probe::{Document, Field, Kind, StructMap, probe};
use utoipa::ToSchema;

/// An operation, from its Rust types.
pub struct Row {
    name: &'static str,
    request: &'static str,
    answer: &'static str,
    effect: Effect,
    /// The shapes of request and answer.
    shapes: [Shape; 2],
    /// Adds its components to a document.
    pub components: fn(&mut openapi::Components),
}

type Shape = fn(Document<'_>) -> Result<(Option<Kind>, StructMap), serde::de::value::Error>;

fn row<T: Operation + ToSchema>() -> Row
where
    T::Answer: ToSchema,
{
    Row {
        name: T::NAME,
        request: T::REQUEST,
        answer: T::ANSWER,
        effect: T::EFFECT,
        shapes: [probe::<T>, probe::<T::Answer>],
        components: |components| {
            openapi::collect::<T>(components);
            openapi::collect::<T::Answer>(components);
        },
    }
}

/// The 16 operations.
pub fn operations() -> [Row; 16] {
    [
        row::<SubmitJobParam>(),
        row::<GetActiveJobsParam>(),
        row::<GetScheduledJobsParam>(),
        row::<GetJobLogsParam>(),
        row::<GetJobLogDetailsParam>(),
        row::<GetArchivedJobLogDetailsParam>(),
        row::<GetAssetJobLogsParam>(),
        row::<GetAssetArchivedJobLogsParam>(),
        row::<StopJobParam>(),
        row::<PauseJobParam>(),
        row::<ResumeJobParam>(),
        row::<ExecuteJobParam>(),
        row::<DeleteJobParam>(),
        row::<GetCompanyInfoParam>(),
        row::<GetCompanyMembershipParam>(),
        row::<CheckLoginParam>(),
    ]
}

/// Every struct that the operations are made of.
fn rust_structs() -> StructMap {
    let shapes = operations().into_iter().flat_map(|row| row.shapes);
    shapes.flat_map(|shape| shape(Document::Complete).expect("a complete document is read").1).collect()
}

/// Whether every operation reads the document.
fn is_read(document: Document<'_>) -> bool {
    operations().iter().flat_map(|row| row.shapes).all(|shape| shape(document).is_ok())
}

/// Fails with all differences at once.
///
/// # Panics
/// There are differences.
#[track_caller]
pub fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} differences from the contract:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn the_operation_table_matches_the_contract() {
    let contract = Contract::load();
    let names: Vec<_> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(OPERATIONS, names);
    for (row, operation) in operations().iter().zip(&contract.operations) {
        assert_eq!((row.name, row.request, row.answer), (&*operation.name, &*operation.request, &*operation.response));
        for (root, shape) in [row.request, row.answer].into_iter().zip(row.shapes) {
            let (kind, _) = shape(Document::Complete).expect("a complete document is read");
            let Some(Kind::Struct(name)) = kind else { panic!("{root} is no struct but {kind:?}") };
            assert_eq!(name, capitalized(root), "the type of {root}");
        }
        let reads = row.name.starts_with("get") || row.name == "checkLogin";
        assert_eq!(row.effect == Effect::Reads, reads, "the effect of {}", row.name);
    }
}

#[test]
fn every_type_has_the_fields_of_the_contract_in_their_order() {
    let (contract, structs) = (Contract::load(), rust_structs());
    let requested = contract.requested();
    let mut complaints = Vec::new();
    let mut walked_fields = 0;
    let mut walked_types = BTreeSet::new();

    for (type_name, expected) in contract.structs() {
        let Some(fields) = structs.get(type_name) else {
            complaints.push(format!("{type_name}: no such struct"));
            continue;
        };
        walked_types.insert(type_name);
        let (wanted, given): (Vec<_>, Vec<_>) =
            (expected.iter().map(|field| &*field.name).collect(), fields.iter().map(|field| field.name).collect());
        complaints.extend(order_complaints(type_name, &wanted, &given));
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
                complaints.push(format!("{type_name}.{}: is {kind:?} instead of {}", field.name, field.type_name));
            }
        }
    }
    for name in structs.keys().filter(|name| !contract.types.contains_key(**name)) {
        complaints.push(format!("{name}: not in the contract"));
    }
    assert_none(complaints);
    assert_eq!((walked_types.len(), walked_fields), (100, 512), "types and fields of the contract");
}

/// Missing, extra and misordered fields.
pub fn order_complaints(type_name: &str, wanted: &[&str], given: &[&str]) -> Vec<String> {
    let missing = wanted.iter().filter(|name| !given.contains(name)).map(|name| format!("{type_name}.{name}: missing"));
    let extra = given.iter().filter(|name| !wanted.contains(name)).map(|name| format!("{type_name}.{name}: extra"));
    let mut complaints: Vec<_> = missing.chain(extra).collect();
    if complaints.is_empty()
        && let Some((name, instead)) = wanted.iter().zip(given).find(|(wanted, given)| wanted != given)
    {
        complaints.push(format!("{type_name}.{instead}: out of order, {name} comes here"));
    }
    complaints
}

/// The one required field of the wire format that the body of `POST /jobs` may lack: query or settings may name the company.
pub const LEFT_OUT_OVER_HTTP: (&str, &str) = ("SubmitJobParam", "companyHandle");

#[test]
fn requests_are_as_strict_as_the_contract_and_answers_not_stricter() {
    let (contract, structs) = (Contract::load(), rust_structs());
    let requested = contract.requested();
    let mut complaints = Vec::new();
    for (type_name, expected) in contract.structs() {
        let in_requests = requested.contains(type_name);
        for field in expected {
            let may_lack = is_read(Document::Without { type_name, field: &field.name });
            if field.optional && !may_lack {
                complaints.push(format!("{type_name}.{}: required, but the contract says optional", field.name));
            }
            let optional = structs[type_name].iter().any(|given| given.name == field.name && given.optional);
            let may_be_left_out = LEFT_OUT_OVER_HTTP == (type_name, field.name.as_str());
            if in_requests && !field.optional && !may_be_left_out && (may_lack || optional) {
                complaints.push(format!("{type_name}.{}: optional, but the contract requires it", field.name));
            }
        }
        if in_requests && is_read(Document::WithUnknownField { type_name }) {
            complaints.push(format!("{type_name}: takes fields that the contract doesn't know"));
        }
    }
    assert_none(complaints);
}

#[test]
fn since_returns_the_version_that_introduced_each_field() {
    let contract = Contract::load();
    let mut complaints = Vec::new();
    for (type_name, fields) in contract.structs() {
        for field in fields {
            let (is, should) = (since(type_name, &field.name), contract.since(field));
            if is != should {
                complaints.push(format!("{type_name}.{}: since {is:?} instead of {should:?}", field.name));
            }
        }
    }
    for (type_name, version, fields) in NEWER_FIELDS {
        for field in *fields {
            if !contract.types.get(*type_name).is_some_and(|known| known.iter().any(|known| known.name == *field)) {
                complaints.push(format!("{type_name}.{field}: since {version}, but no such field"));
            }
        }
    }
    assert_none(complaints);
}
