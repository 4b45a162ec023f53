//! Middleware, from the outermost to the innermost: request context with access log and security headers, problem documents, CORS, rate
//! limit, target length, panics.

mod access_log;
mod audit;
mod catch_panic;
mod client_address;
mod context_provider;
mod cors;
mod cross_site;
mod framework_errors;
mod rate_limit;
mod security_headers;
mod target_length;

pub use access_log::log_unparsed_request;
pub use audit::Auditor;
pub use catch_panic::catch_panic;
pub use context_provider::ContextProvider;
pub use cors::cors;
pub use cross_site::refuse_cross_site;
pub use framework_errors::render_framework_errors;
pub use rate_limit::{RateLimiter, limit_rate};
pub use security_headers::SECURITY_HEADERS;
pub use target_length::limit_target_length;
