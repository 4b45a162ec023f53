//! A REST/JSON gateway for the jobs of Adobe's Image Production System (IPS).
#![warn(missing_docs)]

pub mod clock;
pub mod config;
pub mod healthcheck;
pub mod http;
pub mod ips;
pub mod jobs;
pub mod sandbox;
pub mod server;
pub mod shutdown;
pub mod telemetry;
