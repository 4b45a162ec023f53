//! Wire format of events.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::jobs::events::{ChangeKind, Event, EventCursor};

/// Wire format of consecutive events.
#[derive(Serialize, Deserialize)]
pub struct WireEventBatch {
    /// Cursor before the first event.
    after: EventCursor,
    events: Vec<WireEvent>,
}

#[derive(Serialize, Deserialize)]
struct WireEvent {
    change: ChangeKind,
    job: String,
    data: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    awaits_chain: bool,
}

impl WireEventBatch {
    /// Returns the wire format of the events after `start`.
    pub fn new(start: EventCursor, events: &[Event]) -> Self {
        let events = events.iter().map(|event| WireEvent {
            change: event.change,
            job: event.job.clone(),
            data: String::from_utf8_lossy(&event.data).into_owned(),
            awaits_chain: event.awaits_chain,
        });
        Self { after: start, events: events.collect() }
    }

    /// Returns the cursor before the first event, and the events.
    pub fn into_events(self) -> (EventCursor, Vec<Event>) {
        let events = self.events.into_iter().map(|WireEvent { change, job, data, awaits_chain }| Event {
            change,
            job,
            data: Bytes::from(data),
            awaits_chain,
        });
        (self.after, events.collect())
    }
}
