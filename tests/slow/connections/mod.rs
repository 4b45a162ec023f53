//! Clients that are slow, greedy or hostile, bugs of our own, and the end: what holds up others, and what does not.
//!
//! Time is real here, so the gateway is given little patience.

#[expect(dead_code, unused_imports, reason = "shared with the tests of the API, which use all of it")]
#[path = "../api/support/mod.rs"]
mod support;

mod credentials;
mod ending;
mod heads;
mod injection;
mod limits;
mod panics;
mod pieces;
mod readers;
mod room;
mod socket;
