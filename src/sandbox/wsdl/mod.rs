//! WSDL and XML schemas of each API version, with the address of the sandbox.

use crate::ips::schema::{has_operation, jobs_schema};
use crate::ips::types::{API_VERSIONS, ApiVersion};

const WSDL: &str = include_str!("IpsApi.wsdl");
const COMMON: &str = include_str!("ips-common.xsd");

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
