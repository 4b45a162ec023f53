//! WSDL and XML schemas of each API version, with the address of the sandbox.

use crate::ips::types::{API_VERSIONS, ApiVersion, Availability, OPERATIONS};

const WSDL: &str = include_str!("IpsApi.wsdl");
const COMMON: &str = include_str!("ips-common.xsd");
const JOBS: &str = include_str!("ips-jobs.xsd");

/// Namespace in the files.
const FILE_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";
/// Address in the files.
const FILE_ADDRESS: &str = "http://127.0.0.1:9999/scene7/services/IpsApiService";
/// Import of the common schema in the WSDL.
const COMMON_IMPORT: &str =
    "<xsd:import namespace=\"http://www.scene7.com/IpsApi/xsd\" schemaLocation=\"ips-common.xsd\"/>";

/// Addresses in a WSDL.
pub(super) struct Addresses {
    /// URL of the service.
    pub service: String,
    /// URL of the folder of WSDLs and schemas, with a slash at the end.
    pub documents: String,
}

/// Returns a document by its file name: `IpsApi[-<version>].wsdl`, `ips-jobs[-<version>].xsd` or `ips-common.xsd`. Without a version, it is
/// that of the API version without a name.
pub(super) fn document(name: &str, addresses: &Addresses) -> Option<String> {
    if name == "ips-common.xsd" {
        return Some(COMMON.into());
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let (kind, version) = stem
        .strip_prefix("IpsApi")
        .map(|version| ("IpsApi", version))
        .or_else(|| stem.strip_prefix("ips-jobs").map(|version| ("ips-jobs", version)))?;
    let version = match version.strip_prefix('-') {
        Some(version) => {
            API_VERSIONS.iter().find(|known| known.name == version && !version.is_empty())?.name.parse().ok()?
        }
        None if version.is_empty() => "".parse().ok()?,
        None => return None,
    };
    match (kind, extension) {
        ("IpsApi", "wsdl") => Some(wsdl(&version, addresses)),
        ("ips-jobs", "xsd") => Some(jobs_schema(&version)),
        _ => None,
    }
}

/// Returns the WSDL of an API version.
pub(super) fn wsdl(version: &ApiVersion, addresses: &Addresses) -> String {
    let (folder, suffix) = (&addresses.documents, suffix(version));
    // The version without a name is of the namespace of the common schema, which its own schema includes.
    let import = if suffix.is_empty() { "" } else { COMMON_IMPORT };
    let lines = WSDL.lines().filter(|line| has_operation(line, version)).map(|line| format!("{line}\n"));
    lines
        .collect::<String>()
        .replace(COMMON_IMPORT, import)
        .replace(FILE_NAMESPACE, &version.namespace())
        .replace(FILE_ADDRESS, &addresses.service)
        .replace("ips-common.xsd", &format!("{folder}ips-common.xsd"))
        .replace("ips-jobs.xsd", &format!("{folder}ips-jobs{suffix}.xsd"))
}

/// Returns the end of the file names of a version.
fn suffix(version: &ApiVersion) -> String {
    if version.as_str().is_empty() { String::new() } else { format!("-{version}") }
}

/// Returns the schema of the job operations with the fields that the version has or may have. The file has one type per line.
fn jobs_schema(version: &ApiVersion) -> String {
    let lines = JOBS
        .lines()
        .filter(|line| has_operation(line, version))
        .map(|line| with_available_fields(line, version) + "\n");
    let schema = lines.collect::<String>().replace(FILE_NAMESPACE, &version.namespace());
    if !version.as_str().is_empty() {
        return schema;
    }
    let first_element = schema.find("<xsd:element").unwrap_or_default();
    let (head, rest) = schema.split_at(first_element);
    format!("{head}<xsd:include schemaLocation=\"ips-common.xsd\"/>\n{rest}")
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
