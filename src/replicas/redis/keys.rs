//! Keys in the store: `ipsgw:1:` (the format version), a letter for the kind of the value, and keyed hashes. Keys that one script uses have
//! the same hash in braces (hash tag), which a cluster requires; the gateway itself connects to a single server.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::replicas::{ListLocation, StoreKey};

/// Prefix of all keys, with the version of the format of keys and values. Replicas with different versions share nothing.
pub const FORMAT: &str = "ipsgw:1";

/// Keys of a list.
pub struct ListKeys {
    /// Invalidation epoch of the company.
    pub epoch: String,
    /// Fencing token of the snapshot.
    pub token: String,
    /// Last granted fencing token.
    pub last_token: String,
    /// Lease of the load.
    pub lease: String,
    /// Failure of the last load.
    pub failure: String,
    /// Snapshot.
    pub snapshot: String,
}

impl ListKeys {
    /// Returns the keys of a list.
    pub fn of(list: &ListLocation) -> Self {
        let key = |kind| format!("{FORMAT}:{kind}:{{{}}}:{}", encode_key(list.company), encode_key(list.list));
        Self {
            epoch: epoch_key(list.company),
            token: key("v"),
            last_token: key("t"),
            lease: key("l"),
            failure: key("f"),
            snapshot: key("s"),
        }
    }
}

/// Returns the key of the invalidation epoch of a company.
pub fn epoch_key(company: StoreKey) -> String {
    format!("{FORMAT}:g:{{{}}}", encode_key(company))
}

/// Returns the key of an event log.
pub fn events_key(list: &ListLocation, log_id: u64) -> String {
    format!("{FORMAT}:e:{{{}}}:{}:{log_id:x}", encode_key(list.company), encode_key(list.list))
}

/// Returns the keys of a claimed record and of its lease.
pub fn record_keys(key: StoreKey) -> [String; 2] {
    let key = encode_key(key);
    [format!("{FORMAT}:r:{{{key}}}"), format!("{FORMAT}:h:{{{key}}}")]
}

/// Returns the key of a plain value or a marker.
pub fn value_key(key: StoreKey) -> String {
    format!("{FORMAT}:m:{}", encode_key(key))
}

/// Returns the pub/sub channel of notifications.
pub fn channel() -> String {
    format!("{FORMAT}:news")
}

/// Returns a key as base64url, as in the keys of the store and in notifications.
pub fn encode_key(key: StoreKey) -> String {
    URL_SAFE_NO_PAD.encode(key.0)
}

/// Decodes the output of [`encode_key`]; `None` for anything else.
pub fn decode_key(text: &[u8]) -> Option<StoreKey> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(StoreKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_decoded_from_its_text() {
        let key = StoreKey([7; 24]);
        assert_eq!(decode_key(encode_key(key).as_bytes()), Some(key));
        assert_eq!(decode_key(b"garbage"), None);
    }
}
