//! The HTTP API from outside, over real sockets: a gateway in this process, and behind it the sandbox or an upstream that
//! plays a script. Nobody sleeps: the gateway and the sandbox share a clock that a test puts forward.

#[allow(dead_code, reason = "shared with the live tests")]
mod support;

mod actions;
mod api_keys;
mod caching;
mod companies;
mod cross_origin;
mod documentation;
mod examples;
mod health;
mod history;
mod idempotency;
mod ids;
mod invalid_requests;
mod joined_reads;
mod lifecycle;
mod lists;
mod logs;
mod metrics;
mod pages;
mod paging;
mod path_prefix;
mod properties;
mod schedules;
mod submit;
mod upstream_failures;
mod upstream_faults;
mod upstream_oddities;
mod urls;
