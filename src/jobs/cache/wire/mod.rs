//! Wire format of the replicas: snapshots, events, failures and jobs as compressed JSON, without the secrets in jobs.
//!
//! The serialized names stay as in version 1 of the store's format. A change that older replicas can't decode, or would misinterpret, needs
//! another version.

mod event;
mod failure;
mod job;
mod snapshot;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::event::WireEventBatch;
pub use self::failure::{WireError, WireFailure};
pub use self::job::WireJob;
pub use self::snapshot::{ReceivedSnapshot, WireSnapshot};

/// Maximum decompressed size of a value, in bytes; a larger one can't be decoded.
const MAX_DECOMPRESSED_BYTES: u64 = 256 << 20;

/// Encodes a value as JSON, compressed with DEFLATE (RFC 1951); `None` if it can't be serialized.
pub fn encode(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, value).ok()?;
    encoder.flush().ok()?;
    encoder.finish().ok()
}

/// Decodes the output of [`encode()`]; `None` for anything else.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    // Decompressed before it is parsed, because the JSON reader reads a stream byte by byte.
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(MAX_DECOMPRESSED_BYTES).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ips::types::{ActiveJob, UnreadableValue, UploadUrlsJob};
    use crate::jobs::model::job::{FollowOn, Job, Outcome, Status};
    use crate::jobs::model::json::RenderedJob;
    use crate::jobs::model::kind::JobKind;

    #[test]
    fn another_replica_renders_a_sparse_job_in_the_same_way() {
        let unreadable = UnreadableValue { path: "totalSize".into(), value: "12 MB".into(), reason: "no".into() };
        let record = ActiveJob {
            name: Some("run".into()),
            start_date: "2026-03-02T05:00:00".parse().ok(),
            upload_urls_job: Some(Box::new(UploadUrlsJob::default())),
            unreadable: vec![unreadable],
            absent_fields: vec!["/uploadUrlsJob/overwrite".into()],
            ..ActiveJob::default()
        };
        let follow_on = FollowOn {
            id: "publish".into(),
            kind: Some(JobKind::named("imageServingPublish")),
            status: Status::Completed,
            outcome: Some(Outcome::Failed),
            percent: None,
        };
        let job = Job::active("c|1", record).expect("it has a name");
        let mut job = Job { parent: Some("upload".into()), follow_ons: vec![follow_on], ..job };
        job.set_chain(chrono::DateTime::default());
        let encoded = encode(&WireJob::from(&job)).expect("it can be encoded");
        let decoded = Job::from(decode::<WireJob<'_>>(&encoded).expect("it can be decoded"));
        let json =
            |job: Job| String::from_utf8_lossy(&RenderedJob::new(job, chrono::DateTime::default()).json).into_owned();
        let (ours, theirs) = (json(job), json(decoded));
        assert_eq!(ours, theirs);
        assert!(!ours.contains("overwrite") && ours.contains("readyForPublish"), "{ours}");
        assert!(
            ours.contains("\"parent\":\"upload\"") && ours.contains("\"followOns\":[{\"id\":\"publish\""),
            "{ours}"
        );
        assert!(
            ours.contains("\"startDate\":\"2026-03-02T05:00:00\"") && ours.contains("\"kind\":\"uploadUrls\""),
            "{ours}"
        );
    }
}
