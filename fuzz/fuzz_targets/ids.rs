//! Fuzz target of job ids, cursors, sort keys, versions and timestamps: any text is parsed or refused without a panic, and a job id survives
//! a round trip.
#![no_main]

use ips_gateway::ips::types::{ApiVersion, Timestamp};
use ips_gateway::jobs::{EventCursor, JobId, JobRef, JobSort, PageCursor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = JobId::decode(text) {
        assert_eq!(id.encode(), text);
    }
    let _ = text.parse::<JobRef>();
    let _ = text.parse::<PageCursor>();
    let _ = text.parse::<JobSort>();
    let _ = text.parse::<EventCursor>();
    let _ = text.parse::<ApiVersion>();
    let _ = text.parse::<Timestamp>();
});
