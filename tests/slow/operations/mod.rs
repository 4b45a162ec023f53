//! What operators see of the real binary: its log lines, its traces, and no secret in either.

mod collector;
mod logs;
mod panics;
mod redaction;
mod second_signal;
mod secrets;
mod traces;
