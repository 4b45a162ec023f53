//! Middleware: request context, access log, problem documents, rate limit, CORS and security headers.

mod access_log;
mod catch_panic;
mod cors;
mod problem_body;
mod rate_limit;
mod request_context;
mod security_headers;
mod target_length;

pub use access_log::{log_access, log_unparsed_request};
pub use catch_panic::catch_panic;
pub use cors::cors;
pub use problem_body::render_foreign_errors;
pub use rate_limit::{RateLimiter, limit_rate};
pub use request_context::ContextProvider;
pub use security_headers::{SECURITY_HEADERS, security_headers};
pub use target_length::limit_target_length;
