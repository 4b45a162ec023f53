//! The tables in the documents against the code they describe.

mod metrics;
mod readme;
