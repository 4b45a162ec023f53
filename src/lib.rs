//! A REST/JSON gateway for the jobs of Adobe's Image Production System (IPS).
//!
//! IPS speaks SOAP: 16 operations about jobs, three lists that a job wanders through, and handles that change on the way. This crate
//! shows the same jobs as resources: one id per job, a verdict instead of a puzzle, answers that can be polled, waited for and streamed.
//! README.md tells what callers see; this is the tour of the house.
//!
//! # Rooms and arrows
//!
//! ```text
//! main ──▶ server ──▶ http ──▶ jobs ──▶ ips::types
//!   │         │                 ▲ port: jobs::upstream::Upstream
//!   │         ├─────▶ ips ──────┤ (ips::client implements it)
//!   │         └─────▶ shared ───┘ port: jobs::fleet::Fleet (shared implements it)
//!   └──▶ sandbox ──▶ ips::{types, codec, soap}
//! ```
//!
//! | part | knows | doesn't know |
//! |---|---|---|
//! | [`ips`] | the wire: types, XML, SOAP envelope, faults, the client | what the gateway promises |
//! | [`jobs`] | the promises: ids, phases, snapshots, events, submit | HTTP, XML |
//! | [`shared`] | what replicas share, on Valkey or Redis: keys, seals, scripts, the connection | what it is that they share |
//! | [`http`] | routes, headers, problem documents, OpenAPI, the pages for people | the wire |
//! | [`sandbox`] | how an IPS behaves, in memory, over real SOAP | the gateway |
//! | [`config`] | settings from file, environment and flags | who uses them |
//! | [`telemetry`] | log lines, metrics, and where traces go; [`trace`] goes along with a request | who tells it something |
//! | [`server`] | how all of it is put together; `main` and the tests walk this road | |
//!
//! A test (`tests/architecture.rs`) holds the arrows. Libraries stay in their rooms too: actix in `http`, `server` and `sandbox`,
//! quick-xml, reqwest and rustls in `ips`, redis in `shared`, the OpenTelemetry SDK in `telemetry` and `trace`.
//!
//! # The way of one request
//!
//! `GET /jobs?companyHandle=c|110`, say:
//!
//! 1. `server` accepts the connection, and actix parses the request under its timeouts. `http::routes` picks the handler, the extractors
//!    in `http::extract` read credentials, query and `Cache-Control`. What they can't read is a [problem](http::KINDS).
//! 2. [`jobs::Jobs::companies`] resolves the company, [`jobs::Jobs::list`] asks the store for the snapshot of that company *and these
//!    credentials*. A fresh one answers at once; a stale one answers and is refreshed by a task of its own; without one, everybody who
//!    asks waits for the same load.
//! 3. A load is one `getActiveJobs` through the port [`jobs::upstream::Upstream`]. `ips::client` writes the envelope, posts it, and
//!    reads the answer into [`ips::types`] without building a tree; one bad item is dropped and reported, not the list.
//! 4. [`jobs::Job`] adds the verdict (status, outcome, percent, actions), `jobs::succession` follows the jobs that left the list into the
//!    log, and the JSON is made once for all readers.
//! 5. `http::answer` adds `ETag`, `Age`, `Cache-Status`, or says 304. Long polls and event streams wake up when a new snapshot differs.
//!
//! A request that changes something runs on a task of its own too, so that a client that hangs up can't cancel it halfway, and makes
//! every load worthless that began before it.
//!
//! # Quirks of IPS
//!
//! - One job has three handles: from its submit, in the active list, in the log. Hence our ids carry the company and a name, and a submit
//!   makes its name unique ([`jobs::JobId`]).
//! - A finished job leaves the active list before the log has it. That gap is the status `finalizing`.
//! - `progress` of a job may stay 0 while its tasks get on, and a task may say 1.0 while others wait.
//! - Empty elements are common, for every type of value. They mean absent.
//! - The order of elements matters, and unknown ones in a request are refused. The types have the fields in wire order, with the version
//!   that brought them; newer ones than the configured version are refused before anything is sent.
//! - Values grow: every enumeration is an open set ([`ips::types`]), and a fault may come with any HTTP status, 200 included.
//! - Its reference page and its schema disagree here and there; the schema is right. `tests/schema.rs` compares our types with it.
#![warn(missing_docs)]

pub mod app;
pub mod backoff;
pub mod clock;
pub mod config;
pub mod healthcheck;
pub mod http;
pub mod ips;
pub mod jobs;
pub mod lifecycle;
pub mod replicas;
pub mod sandbox;
pub mod server;
pub mod telemetry;
pub mod upstream;
