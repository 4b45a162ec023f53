//! Subscriptions: event streams of a company or a job, and watchers of lists for long polls.

mod position;
mod subscribe;
mod subscription;
mod watchers;

pub use position::StreamPosition;
pub use subscribe::Subscriptions;
pub use subscription::{StreamEnd, StreamMessage, Subscription};
pub use watchers::ListWatchers;
