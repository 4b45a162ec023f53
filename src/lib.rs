//! REST/JSON gateway for the job API of Adobe's Image Production System (IPS), which speaks SOAP.
//!
//! An arrow means "uses"; there is none back. `docs/architecture.md` is the tour, `tests/fast/architecture` holds the arrows.
//!
//! ```text
//! main ─▶ cli ─▶ app ─▶ http ────▶ jobs ────▶ upstream ────▶ ips
//!          │      │       │          └──────▶ replicas
//!          │      ├─▶ server
//!          │      └─▶ config, telemetry, lifecycle, clock, backoff
//!          └─▶ sandbox ─▶ ips
//! ```
#![warn(missing_docs)]

pub mod app;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod config;
pub mod http;
pub mod ips;
pub mod jobs;
pub mod lifecycle;
pub mod replicas;
pub mod sandbox;
pub mod server;
pub mod telemetry;
pub mod upstream;
