//! Extractors: what handlers take from a request, each with errors that name the reason and the place.

pub mod body;
mod body_budget;
mod cache_control;
mod company;
mod idempotency_key;
mod path;
mod query;

pub use body::JsonBody;
pub use body_budget::BodyBudget;
pub use cache_control::CacheDemand;
pub use company::CompanyParams;
pub use idempotency_key::IdempotencyHeader;
pub use path::{JobPath, TextPath};
pub use query::{CommaList, Query, date_time, parsed, within};
