//! The IPS protocol: wire types, the XML data format, the XML schema, the SOAP envelope and the client.

pub mod codec;
pub mod schema;
pub mod soap;
pub mod types;
