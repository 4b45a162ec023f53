//! Whatever stands for a job or a place in a list: it is read or refused, and an id that is read is written the same.
#![no_main]

use ips_gateway::ips::types::{ApiVersion, Timestamp};
use ips_gateway::jobs::{Cursor, JobId, JobRef, Sort};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = JobId::decode(text) {
        assert_eq!(id.encode(), text);
    }
    let _ = text.parse::<JobRef>();
    let _ = text.parse::<Cursor>();
    let _ = text.parse::<Sort>();
    let _ = text.parse::<ApiVersion>();
    let _ = text.parse::<Timestamp>();
});
