//! Responses: caching headers, conditional requests and long polling.

pub mod cache_headers;
pub mod long_poll;
