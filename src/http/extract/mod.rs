//! Extractors: parse the parts of a request, and return problems that name the invalid part and the reason.

mod body;
mod body_errors;
mod cache_control;
mod company;
mod idempotency_key;
mod if_match;
mod last_event_id;
mod path;
mod query;
mod query_values;
mod raw_body;
mod serde_messages;
mod single_header;

pub use body::{JsonBody, RepairedBody, from_value};
pub use cache_control::CacheControl;
pub use company::{CompanyParams, CompanyQuery};
pub use idempotency_key::IdempotencyHeader;
pub use if_match::IfMatch;
pub use last_event_id::{FINAL_ID_SUFFIX, LastEventId};
pub use path::{JobPath, TextPath};
pub use query::{CommaList, NoParams, Query, date_time, email, parsed, within};
pub use single_header::single_header;
