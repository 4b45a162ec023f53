//! What operators see of the real binary: its log lines, its traces, and no secret in either.

#[expect(dead_code, unused_imports, reason = "shared with the tests of the API, which use all of it")]
#[path = "../api/support/mod.rs"]
mod support;

mod collector;
mod impatience;
mod logs;
mod panics;
mod process;
mod redaction;
mod secrets;
mod traces;
