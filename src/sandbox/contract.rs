//! The WSDL and schemas that the sandbox serves, in its API version and with its own address.

use crate::ips::types::ApiVersion;

const WSDL: &str = include_str!("contract/IpsApi.wsdl");
const COMMON: &str = include_str!("contract/ips-common.xsd");
const JOBS: &str = include_str!("contract/ips-jobs.xsd");

/// The version that the files are written in.
const WRITTEN_VERSION: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";
/// The address that the files are written for.
const WRITTEN_ADDRESS: &str = "http://127.0.0.1:9999/scene7/services/IpsApiService";

/// The WSDL of a service at this address; it refers to the schemas as `?xsd=` of the same address.
pub(super) fn wsdl(version: &ApiVersion, address: &str) -> String {
    WSDL.replace(WRITTEN_VERSION, &version.namespace())
        .replace(WRITTEN_ADDRESS, address)
        .replace("schemaLocation=\"", &format!("schemaLocation=\"{address}?xsd="))
}

/// The schema of this name.
pub(super) fn schema(name: &str, version: &ApiVersion) -> Option<String> {
    match name {
        "ips-common.xsd" => Some(COMMON.into()),
        "ips-jobs.xsd" => Some(JOBS.replace(WRITTEN_VERSION, &version.namespace())),
        _ => None,
    }
}
