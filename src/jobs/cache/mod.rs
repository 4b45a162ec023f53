//! Snapshot cache of the job lists: stale-while-revalidate, stale-if-error, single-flight loads, invalidation by epoch.

pub mod entry;
pub mod epoch;
pub mod key;
pub mod loaders;
pub mod merge;
pub mod metrics;
pub mod policy;
pub mod recent;
pub mod refresh;
pub mod replicated;
pub mod single_flight;
pub mod snapshot_cache;
