//! Event log: the latest events of a list. A reader keeps only its cursor, so a slow reader costs no memory.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::jobs::events::event::Event;

/// Maximum number of events in a log, enough for a reader that was disconnected for some minutes. Beyond it the oldest are dropped.
const MAX_EVENTS: usize = 4096;
/// Maximum memory of the events in a log, in bytes: events hold the JSON of jobs. Beyond it the oldest are dropped.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Position in an event log: after the event with this number. Its text form, `<log id in hex>-<number>`, is the id of an event in a
/// stream. The serialized names are those of the wire format of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    /// Id of the log.
    #[serde(rename = "epoch")]
    pub(in crate::jobs) log_id: u64,
    /// Number of the event, from 1; 0 for the start of the log.
    pub(in crate::jobs) number: u64,
}

impl EventCursor {
    /// Returns the position `count` events later.
    #[must_use]
    pub(in crate::jobs) fn after(self, count: usize) -> Self {
        Self { number: self.number + as_number(count), ..self }
    }
}

fn as_number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.log_id, self.number)
    }
}

impl FromStr for EventCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (log_id, number) = text.split_once('-').ok_or(())?;
        let log_id = u64::from_str_radix(log_id, 16).map_err(drop)?;
        Ok(Self { log_id, number: number.parse().map_err(drop)? })
    }
}

/// Error of a cursor that is not in the log: the events after it were dropped, or it belongs to another log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorExpired;

/// Log of the latest events of a list.
#[derive(Debug)]
pub struct EventLog {
    /// Distinguishes the log from those of other processes and of earlier times.
    id: u64,
    /// End of the log shared with other replicas from which this one was forked: cursors up to there are valid with its id, too.
    fork_point: Option<EventCursor>,
    /// Number of the last dropped event.
    dropped: u64,
    events: VecDeque<Arc<Event>>,
    /// Approximate memory of the events, in bytes.
    weight: usize,
}

impl EventLog {
    /// Creates an empty log. `id` must be greater than that of every earlier log of the same list.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self::starting_at(EventCursor { log_id: id, number: 0 })
    }

    fn starting_at(cursor: EventCursor) -> Self {
        Self { id: cursor.log_id, fork_point: None, dropped: cursor.number, events: VecDeque::new(), weight: 0 }
    }

    /// Continues under a new id: no other replica has the events from now on.
    pub fn fork(&mut self, id: u64) {
        self.fork_point = Some(self.end());
        self.id = id;
    }

    /// Follows the log of another replica up to `end`. Each batch of events has the cursor before its first event; events that no batch
    /// contains count as dropped.
    pub fn follow(&mut self, end: EventCursor, batches: Vec<(EventCursor, Vec<Event>)>) {
        if self.id != end.log_id {
            *self = Self::starting_at(end);
        }
        for (start, events) in batches.into_iter().filter(|(start, _)| start.log_id == end.log_id) {
            let last = start.after(events.len());
            let is_known = last.number <= self.end().number && start.number >= self.dropped;
            if is_known || last.number > end.number {
                continue;
            }
            if start.number != self.end().number {
                *self = Self::starting_at(start);
            }
            self.extend(events);
        }
        if self.end() != end {
            *self = Self::starting_at(end);
        }
    }

    /// Appends events, and drops the oldest ones beyond 4096 events or 2 MiB.
    pub fn extend(&mut self, events: Vec<Event>) {
        self.weight += events.iter().map(Event::weight).sum::<usize>();
        self.events.extend(events.into_iter().map(Arc::new));
        while self.events.len() > MAX_EVENTS || self.weight > MAX_BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.weight -= oldest.weight();
            self.dropped += 1;
        }
    }

    /// Returns the approximate memory of the events, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Returns the cursor after the last event.
    #[must_use]
    pub fn end(&self) -> EventCursor {
        EventCursor { log_id: self.id, number: self.dropped }.after(self.events.len())
    }

    /// Returns the next event after `cursor` with the cursor after it; `None` at the end of the log.
    ///
    /// # Errors
    /// [`CursorExpired`]: the reader has to start again from a snapshot.
    pub fn next(&self, cursor: EventCursor) -> Result<Option<(EventCursor, Arc<Event>)>, CursorExpired> {
        let index = cursor.number.checked_sub(self.dropped).and_then(|index| usize::try_from(index).ok());
        let is_before_fork =
            self.fork_point.is_some_and(|fork| cursor.log_id == fork.log_id && cursor.number <= fork.number);
        match index {
            Some(index) if (cursor.log_id == self.id || is_before_fork) && index <= self.events.len() => {
                let after = EventCursor { log_id: self.id, ..cursor }.after(1);
                Ok(self.events.get(index).map(|event| (after, Arc::clone(event))))
            }
            _ => Err(CursorExpired),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::jobs::events::ChangeKind;

    proptest! {
        #[test]
        fn a_reader_gets_every_event_once_or_an_error_for_dropped_ones(
            batches in proptest::collection::vec(0usize..3000, 1..8),
            reads in 0usize..6000,
        ) {
            let mut log = EventLog::new(7);
            let mut cursor = log.end();
            let event = Event { change: ChangeKind::Created, job: "x".into(), data: Bytes::new(), awaits_chain: false };
            let (mut written, mut seen) = (0, 0);
            for batch in batches {
                log.extend(vec![event.clone(); batch]);
                written += batch;
                for _ in 0..reads {
                    match log.next(cursor) {
                        Ok(Some((after, _))) => {
                            cursor = after;
                            seen += 1;
                        }
                        Ok(None) => {
                            prop_assert_eq!(seen, written);
                            break;
                        }
                        Err(CursorExpired) => {
                            prop_assert!(written - seen > MAX_EVENTS);
                            cursor = log.end();
                            seen = written;
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_cursor_parses_back_and_cursors_of_other_logs_are_rejected() {
        let log = EventLog::new(0xab);
        assert_eq!(log.end().to_string().parse(), Ok(log.end()));
        assert_eq!(log.next(EventCursor { log_id: 1, number: 0 }).unwrap_err(), CursorExpired);
        assert_eq!(log.next(EventCursor { log_id: 0xab, number: 5 }).unwrap_err(), CursorExpired, "after the end");
        assert_eq!("nonsense".parse::<EventCursor>(), Err(()));
    }
}
