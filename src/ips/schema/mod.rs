//! XML schema of the job operations in each API version, and the check of an answer against it.
//!
//! The file has the schema of the newest API version, with what older ones had, one type per line; the version table decides which of its
//! fields a version has.

mod check;
mod deviation;
mod types;

use super::types::{ApiVersion, Availability, COMMON_NAMESPACE, OPERATIONS};
pub use deviation::{Deviation, DeviationKind};
pub use types::TypeTable;

const JOBS: &str = include_str!("ips-jobs.xsd");

/// Namespace in the file.
const FILE_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";
/// Start of a field.
const FIELD: &str = "<xsd:element ";
/// Attribute of a field that may be absent.
const OPTIONAL: &str = " minOccurs=\"0\"";

/// Returns the schema of the job operations with the fields that the version has or may have.
#[must_use]
pub fn jobs_schema(version: &ApiVersion) -> String {
    let schema = lines(version).map(|line| line + "\n").collect::<String>();
    let schema = schema.replace(FILE_NAMESPACE, &version.namespace());
    if version.namespace() != COMMON_NAMESPACE {
        return schema;
    }
    let first_element = schema.find("<xsd:element").unwrap_or_default();
    let (head, rest) = schema.split_at(first_element);
    format!("{head}<xsd:include schemaLocation=\"ips-common.xsd\"/>\n{rest}")
}

/// Returns the lines of the schema of a version; a type is one line.
fn lines(version: &ApiVersion) -> impl Iterator<Item = String> {
    JOBS.lines().filter(|line| has_operation(line, version)).map(|line| with_available_fields(line, version))
}

/// Returns false for a line of a WSDL or a schema about an operation that the version lacks.
#[must_use]
pub fn has_operation(line: &str, version: &ApiVersion) -> bool {
    let name = ["<wsdl:operation name=\"", "<wsdl:message name=\"", "<xsd:element name=\""]
        .into_iter()
        .find_map(|opening| line.strip_prefix(opening))
        .and_then(|rest| rest.split_once('"'))
        .map(|(name, _)| name.trim_end_matches("Param").trim_end_matches("Return"));
    let operation = name.and_then(|name| OPERATIONS.iter().find(|operation| **operation == name));
    operation.is_none_or(|operation| version.operation_availability(operation) != Availability::Lacks)
}

/// Removes the fields that the version lacks from the line of a type, and makes those optional that it may lack.
fn with_available_fields(line: &str, version: &ApiVersion) -> String {
    let Some(type_name) = type_name(line) else { return line.into() };
    let mut pieces = line.split(FIELD);
    let head = pieces.next().unwrap_or_default();
    let fields = pieces.map(|piece| {
        let Some((field, rest)) = piece.split_once("/>") else { return format!("{FIELD}{piece}") };
        let name = quoted(field, "name=\"").unwrap_or_default();
        match version.availability(&type_name, name) {
            Availability::Lacks => rest.to_owned(),
            Availability::Unknown if !field.contains(OPTIONAL) => format!("{FIELD}{field}{OPTIONAL}/>{rest}"),
            Availability::Has | Availability::Unknown => format!("{FIELD}{piece}"),
        }
    });
    std::iter::once(head.to_owned()).chain(fields).collect()
}

/// Returns the name of the type that a line defines; that of a body element is the element's with a capital.
fn type_name(line: &str) -> Option<String> {
    if let Some(name) = quoted(line, "<xsd:complexType name=\"") {
        return Some(name.to_owned());
    }
    let (initial, rest) = quoted(line, "<xsd:element name=\"")?.split_at_checked(1)?;
    Some(initial.to_uppercase() + rest)
}

/// Returns the text between a prefix and the next quotation mark.
fn quoted<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(prefix)?;
    rest.split_once('"').map(|(value, _)| value)
}
