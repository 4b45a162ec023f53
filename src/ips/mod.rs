//! The IPS protocol: wire types, the serde data format over XML, the SOAP envelope and the client.

pub mod client;
pub mod codec;
pub mod soap;
pub mod types;
