//! The WSDL and schemas that the sandbox serves, in its API version and with its own address.

use crate::ips::types::{ApiVersion, OPERATIONS, since};

const WSDL: &str = include_str!("contract/IpsApi.wsdl");
const COMMON: &str = include_str!("contract/ips-common.xsd");
const JOBS: &str = include_str!("contract/ips-jobs.xsd");

/// The version that the files are written in.
const WRITTEN_VERSION: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";
/// The address that the files are written for.
const WRITTEN_ADDRESS: &str = "http://127.0.0.1:9999/scene7/services/IpsApiService";

/// The WSDL of a service at this address; it refers to the schemas as `?xsd=` of the same address.
pub(super) fn wsdl(version: &ApiVersion, address: &str) -> String {
    let lines = WSDL.lines().filter(|line| has_operation(line, version)).map(|line| format!("{line}\n"));
    lines
        .collect::<String>()
        .replace(WRITTEN_VERSION, &version.namespace())
        .replace(WRITTEN_ADDRESS, address)
        .replace("schemaLocation=\"", &format!("schemaLocation=\"{address}?xsd="))
}

/// The schema of this name.
pub(super) fn schema(name: &str, version: &ApiVersion) -> Option<String> {
    match name {
        "ips-common.xsd" => Some(COMMON.into()),
        "ips-jobs.xsd" => Some(jobs(version)),
        _ => None,
    }
}

/// The schema of the jobs, without the fields that the version doesn't have yet. The file has one type per line.
fn jobs(version: &ApiVersion) -> String {
    let lines = JOBS.lines().filter(|line| has_operation(line, version)).map(|line| fields_of(line, version) + "\n");
    lines.collect::<String>().replace(WRITTEN_VERSION, &version.namespace())
}

/// Whether the operation that a line is about, if it is about one, exists in the version. An operation came with its request's first field.
fn has_operation(line: &str, version: &ApiVersion) -> bool {
    let name = ["<wsdl:operation name=\"", "<wsdl:message name=\"", "<xsd:element name=\""]
        .into_iter()
        .find_map(|opening| line.strip_prefix(opening))
        .and_then(|rest| rest.split_once('"'))
        .map(|(name, _)| name.trim_end_matches("Param").trim_end_matches("Return"));
    let operation = name.and_then(|name| OPERATIONS.iter().find(|operation| **operation == name));
    let came_with = operation.and_then(|operation| {
        let (initial, rest) = operation.split_at(1);
        since(&format!("{}{rest}Param", initial.to_uppercase()), "companyHandle")
    });
    came_with.is_none_or(|since| version.has(since))
}

fn fields_of(line: &str, version: &ApiVersion) -> String {
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

/// What stands between a prefix, wherever that is, and the next quotation mark.
fn quoted<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(prefix)?;
    rest.split_once('"').map(|(value, _)| value)
}
