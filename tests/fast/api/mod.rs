//! The HTTP API from outside, over real sockets: a gateway in this process, and behind it the sandbox or a scripted upstream. Nothing
//! sleeps: the gateway and the sandbox share a clock that a test advances.

mod identity;
mod reads;
mod requests;
mod results;
mod service;
mod sessions;
mod upstream;
mod verdicts;
mod writes;
