//! The IPS protocol: wire types, the XML data format, the SOAP envelope and the client.

pub mod envelope;
pub mod types;
pub mod xml;
