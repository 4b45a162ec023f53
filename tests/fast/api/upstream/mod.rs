//! How faults, failures and unusual answers of IPS reach the caller.

mod failures;
mod faults;
mod memberships;
mod strangers;
mod suspension;
mod unreadable;
mod unusual_answers;
mod versions;
