//! Timestamps in the JSON of clients.

use std::fmt;

use chrono::DateTime;
use serde::{Deserialize, Deserializer, de};

use super::Timestamp;

/// Timestamp in the JSON of a client, which has to be RFC 3339 with an offset: a wrong guess would run a job at the wrong time.
struct SentTimestamp(Timestamp);

struct SentVisitor;

impl de::Visitor<'_> for SentVisitor {
    type Value = SentTimestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date and time with its offset, such as 2026-01-31T09:30:00Z (RFC 3339)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SentTimestamp, E> {
        let instant = DateTime::parse_from_rfc3339(text);
        let timestamp = instant.map(Timestamp::new).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))?;
        timestamp.check_sendable().map_err(E::custom)?;
        Ok(SentTimestamp(timestamp))
    }
}

impl<'de> Deserialize<'de> for SentTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(SentVisitor);
        }
        Timestamp::deserialize(deserializer).map(Self)
    }
}

/// Deserializes an optional timestamp of a request. JSON needs an offset, and a value that XML Schema has a form for.
pub fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<SentTimestamp>::deserialize(deserializer)?.map(|sent| sent.0))
}
