//! Isolation of tenants: random interleavings of 50 callers and 20 companies over every route that caches or stores something.
//!
//! The upstream marks every text of every answer with caller and company. Every response of the gateway must have the marks of its caller
//! only.

mod keys;
mod mark;
mod steps;
mod upstream;
