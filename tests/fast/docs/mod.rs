//! The OpenAPI documents and the tables in the documentation against the code they describe.

mod metrics;
mod openapi;
mod readme;
