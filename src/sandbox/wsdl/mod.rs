//! WSDL and XML schemas, adapted to the API version and the address of the sandbox.

use crate::ips::types::{ApiVersion, Availability, OPERATIONS};

const WSDL: &str = include_str!("IpsApi.wsdl");
const COMMON: &str = include_str!("ips-common.xsd");
const JOBS: &str = include_str!("ips-jobs.xsd");

/// Namespace in the files.
const FILE_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";
/// Address in the files.
const FILE_ADDRESS: &str = "http://127.0.0.1:9999/scene7/services/IpsApiService";

/// Returns the WSDL of a service at an address; it imports the schemas from `?xsd=` of the same address.
pub(super) fn wsdl(version: &ApiVersion, address: &str) -> String {
    let lines = WSDL.lines().filter(|line| has_operation(line, version)).map(|line| format!("{line}\n"));
    lines
        .collect::<String>()
        .replace(FILE_NAMESPACE, &version.namespace())
        .replace(FILE_ADDRESS, address)
        .replace("schemaLocation=\"", &format!("schemaLocation=\"{address}?xsd="))
}

/// Returns the schema with a file name.
pub(super) fn schema(name: &str, version: &ApiVersion) -> Option<String> {
    match name {
        "ips-common.xsd" => Some(COMMON.into()),
        "ips-jobs.xsd" => Some(jobs_schema(version)),
        _ => None,
    }
}

/// Returns the schema of the job operations with the fields that the version has or may have. The file has one type per line.
fn jobs_schema(version: &ApiVersion) -> String {
    let lines = JOBS
        .lines()
        .filter(|line| has_operation(line, version))
        .map(|line| with_available_fields(line, version) + "\n");
    lines.collect::<String>().replace(FILE_NAMESPACE, &version.namespace())
}

/// Returns false for a line about an operation that the version lacks.
fn has_operation(line: &str, version: &ApiVersion) -> bool {
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
    const FIELD: &str = "<xsd:element ";
    const OPTIONAL: &str = " minOccurs=\"0\"";
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
