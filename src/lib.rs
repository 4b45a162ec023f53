//! REST/JSON gateway for the job API of Adobe's Image Production System (IPS), which speaks SOAP.
//!
//! An arrow means "uses"; there is no arrow back. `docs/architecture.md` explains it, `tests/fast/architecture` enforces it.
//!
//! ```text
//! main ─▶ cli ─▶ app ─▶ http ────▶ jobs ────▶ upstream ────▶ ips
//!          │      │       │          └──────▶ replicas
//!          │      ├─▶ server
//!          │      └─▶ config, telemetry, runtime
//!          ├─▶ upstream, runtime
//!          └─▶ sandbox ─▶ ips
//! ```
#![warn(missing_docs)]

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod ips;
pub mod jobs;
pub mod replicas;
pub mod runtime;
pub mod sandbox;
pub mod server;
pub mod telemetry;
pub mod upstream;
