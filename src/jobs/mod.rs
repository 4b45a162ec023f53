//! What the gateway promises about jobs. No HTTP, no XML.

pub mod upstream;
