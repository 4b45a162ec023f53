//! Logs and traces of the binary, without secrets.

mod collector;
mod logs;
mod panics;
mod redaction;
mod second_signal;
mod secrets;
mod traces;
mod unread_stderr;
