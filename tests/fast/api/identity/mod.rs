//! Which job an id means, and what a caller may see of it.

mod chains;
mod follow_ons;
mod permissions;
