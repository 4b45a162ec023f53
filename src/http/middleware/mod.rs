//! Middleware: access log, problem documents, rate limit, CORS and security headers.

pub mod access_log;
mod catch_panic;
mod cors;
mod head_size;
mod problem_body;
pub mod rate_limit;
pub mod security_headers;

pub use access_log::trail;
pub use catch_panic::catch_panic;
pub use cors::cors;
pub use head_size::{MAX_HEAD_BYTES, limit_head_size};
pub use problem_body::finish;
pub use rate_limit::{Limits, limit};
