//! To come.
pub mod openapi;
