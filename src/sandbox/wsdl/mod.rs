//! WSDL and XML schemas, adapted to the API version and the address of the sandbox.

use crate::ips::types::{ApiVersion, OPERATIONS, since};

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

/// Returns the schema of the job operations without the fields of later versions. The file has one type per line.
fn jobs_schema(version: &ApiVersion) -> String {
    let lines =
        JOBS.lines().filter(|line| has_operation(line, version)).map(|line| without_newer_fields(line, version) + "\n");
    lines.collect::<String>().replace(FILE_NAMESPACE, &version.namespace())
}

/// Returns false for a line about an operation that the version does not have; an operation is as old as the first field of its request.
fn has_operation(line: &str, version: &ApiVersion) -> bool {
    let name = ["<wsdl:operation name=\"", "<wsdl:message name=\"", "<xsd:element name=\""]
        .into_iter()
        .find_map(|opening| line.strip_prefix(opening))
        .and_then(|rest| rest.split_once('"'))
        .map(|(name, _)| name.trim_end_matches("Param").trim_end_matches("Return"));
    let operation = name.and_then(|name| OPERATIONS.iter().find(|operation| **operation == name));
    let introduced = operation.and_then(|operation| {
        let (initial, rest) = operation.split_at(1);
        since(&format!("{}{rest}Param", initial.to_uppercase()), "companyHandle")
    });
    introduced.is_none_or(|since| version.has(since))
}

/// Removes the fields of later versions from the line of a type.
fn without_newer_fields(line: &str, version: &ApiVersion) -> String {
    const FIELD: &str = "<xsd:element ";
    let Some(type_name) = quoted(line, "<xsd:complexType name=\"") else { return line.into() };
    let mut pieces = line.split(FIELD);
    let head = pieces.next().unwrap_or_default();
    let fields = pieces.map(|piece| {
        let newer = quoted(piece, "name=\"").and_then(|field| since(type_name, field));
        match piece.split_once("/>") {
            Some((_, rest)) if newer.is_some_and(|since| !version.has(since)) => rest.to_owned(),
            _ => format!("{FIELD}{piece}"),
        }
    });
    std::iter::once(head.to_owned()).chain(fields).collect()
}

/// Returns the text between a prefix and the next quotation mark.
fn quoted<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(prefix)?;
    rest.split_once('"').map(|(value, _)| value)
}
