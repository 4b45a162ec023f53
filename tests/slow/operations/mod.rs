//! Logs and traces of the binary, without secrets.

mod collector;
mod logs;
mod memory;
mod panics;
mod principals;
mod redaction;
mod second_signal;
mod secrets;
mod start;
mod traces;
mod unread_stderr;
