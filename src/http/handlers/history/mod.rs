//! The history of a company, and statistics of it.

pub mod list;
mod rows;
pub mod statistics;
