//! Lists, single jobs, logs and companies; caching and request coalescing.

mod caching;
mod coalescing;
mod companies;
mod handles;
mod history;
mod ids;
mod kinds;
mod lists;
mod logs;
mod lookups;
mod paging;
mod schedules;
mod shared_names;
