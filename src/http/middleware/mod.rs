//! Middleware, from the outermost to the innermost: request context with access log, security headers and problem documents; CORS; checks of
//! the request; panics.

mod access_log;
mod audit;
mod catch_panic;
mod client_address;
mod compression;
mod context_provider;
mod cors;
mod cross_site;
mod framework_errors;
mod rate_limit;
mod request_checks;
mod security_headers;
mod skip;

pub use access_log::log_unparsed_request;
pub use audit::Auditor;
pub use catch_panic::catch_panic;
pub use compression::Negotiated;
pub use context_provider::ContextProvider;
pub use cors::cors;
pub use rate_limit::RateLimiter;
pub use request_checks::RequestChecks;
pub use security_headers::SECURITY_HEADERS;
