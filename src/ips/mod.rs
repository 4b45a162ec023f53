//! The IPS protocol: wire types, the XML data format, the SOAP envelope and the client.

pub mod codec;
pub mod soap;
pub mod types;
