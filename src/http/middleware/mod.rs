//! Middleware: access log, problem documents, rate limit, CORS and security headers.

pub mod access_log;
mod catch_panic;
mod cors;
mod problem_body;
pub mod rate_limit;
pub mod security_headers;
mod target_length;

pub use access_log::trail;
pub use catch_panic::catch_panic;
pub use cors::cors;
pub use problem_body::finish;
pub use rate_limit::{Limits, limit};
pub use target_length::limit_target_length;
