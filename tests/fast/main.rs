//! The fast tests: everything that needs neither real time nor another process. The gateway and the sandbox run in this process, over
//! real sockets on loopback, and share a clock that a test advances.

#[allow(dead_code, unused_imports, reason = "shared with the slow tests, which use the rest")]
#[path = "../support/mod.rs"]
mod support;

mod api;
mod architecture;
mod config;
mod docs;
mod openapi;
mod sandbox;
mod schema;
mod wire;
