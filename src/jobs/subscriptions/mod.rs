//! Subscriptions: event streams of a company or a job, and watchers of lists for long polls.

mod subscribe;
mod subscription;
mod watchers;

pub use subscribe::Subscriptions;
pub use subscription::{Subscription, SubscriptionItem};
pub use watchers::Watchers;
