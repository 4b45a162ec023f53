//! Authentication: credentials, API keys, roles, and tickets for event streams.

mod authenticator;
mod caller;
mod tickets;

pub use authenticator::{Access, ApiKeys, InvalidKeys, new_key};
pub use caller::{Authenticated, Operator, authenticate};
pub use tickets::Tickets;
