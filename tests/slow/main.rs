//! The slow tests: those that need real time (timeouts, intervals, streams), hostile sockets, or other processes (the gateway's binary,
//! `redis-server`).

#[allow(dead_code, unused_imports, reason = "shared with the fast tests, which use the rest")]
#[path = "../support/mod.rs"]
mod support;

mod cli;
mod commands;
mod connections;
mod cuts;
mod framing;
mod hostile_upstream;
mod live;
mod operations;
mod replicas;
mod tenants;
mod verify;
