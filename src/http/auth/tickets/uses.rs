//! Uses of tickets: which ones have an open stream, and which ones can resume a stream that was dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::http::auth::tickets::content::Acceptance;
use crate::http::background::BackgroundTasks;
use crate::replicas::{Coordinator, StoreKey};
use crate::runtime::clock::{Clock, ClockReading};
use crate::telemetry::metrics::report_table;
use crate::upstream::Caller;

/// Time until a ticket expires, from its issue and from the end of its stream.
pub const LIFETIME: Duration = Duration::from_mins(1);
/// Maximum approximate memory of the tickets whose streams were dropped, in bytes; beyond that, a ticket can't resume its stream.
const MAX_RESUMABLE_BYTES: usize = 4 << 20;
/// Approximate memory of a ticket without its credentials, in bytes.
const TICKET_BYTES: usize = 400;
/// Number of entries up to which expired ones are not removed.
const MIN_ENTRIES: usize = 1024;

/// SHA-256 hash of a ticket.
pub type TicketHash = [u8; 32];

/// Next use of a ticket whose stream was dropped. Replicas exchange it; the shared store keeps it for as long as the ticket is valid.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Resumption {
    /// Number of the use, from 1: each can be claimed once over all replicas.
    pub number: u64,
}

/// State of a ticket that was redeemed at this replica.
enum UseState {
    Open,
    /// Its stream was dropped, and can be resumed until this time.
    Resumable(Caller, Resumption, Instant),
}

/// Tickets that were redeemed at this replica.
pub struct TicketUses {
    entries: Mutex<Entries>,
    clock: Clock,
    background: BackgroundTasks,
    coordinator: Option<Arc<dyn Coordinator>>,
}

#[derive(Default)]
struct Entries {
    states: HashMap<TicketHash, UseState>,
    /// Approximate memory of the resumable tickets.
    resumable_bytes: usize,
    /// Number of entries at which expired ones are removed.
    sweep_at: usize,
}

impl Entries {
    /// Sets the state of a ticket, and returns the state before.
    fn insert(&mut self, hash: TicketHash, state: UseState) -> Option<UseState> {
        self.resumable_bytes += state.bytes();
        let previous = self.states.insert(hash, state);
        self.resumable_bytes -= previous.as_ref().map_or(0, UseState::bytes);
        previous
    }

    /// Removes the expired tickets, if the number of entries has doubled since the last time.
    fn sweep(&mut self, now: Instant) {
        if self.states.len() < self.sweep_at {
            return;
        }
        self.states.retain(|_, state| !matches!(state, UseState::Resumable(.., until) if *until <= now));
        self.resumable_bytes = self.states.values().map(UseState::bytes).sum();
        self.sweep_at = (2 * self.states.len()).max(MIN_ENTRIES);
    }
}

impl UseState {
    /// Returns the approximate memory that counts for the limit, in bytes: that of an open stream is bounded by the number of connections.
    fn bytes(&self) -> usize {
        match self {
            Self::Open => 0,
            Self::Resumable(caller, ..) => ticket_bytes(caller),
        }
    }
}

/// Returns the approximate memory of a ticket of `caller`, in bytes.
pub fn ticket_bytes(caller: &Caller) -> usize {
    TICKET_BYTES + caller.credential_parts().iter().map(|part| part.len()).sum::<usize>()
}

impl TicketUses {
    /// Sets the gauge of the memory of the tickets whose streams were dropped.
    pub fn report_metrics(&self) {
        report_table("resumable_tickets", self.entries().resumable_bytes as u64, MAX_RESUMABLE_BYTES as u64);
    }

    pub fn new(clock: Clock, background: BackgroundTasks, coordinator: Option<Arc<dyn Coordinator>>) -> Arc<Self> {
        Arc::new(Self { entries: Mutex::default(), clock, background, coordinator })
    }

    /// Returns the current time of both clocks.
    pub fn now(&self) -> ClockReading {
        self.clock.read()
    }

    /// Whether a stream with this ticket is open at this replica.
    pub fn is_open(&self, hash: &TicketHash) -> bool {
        matches!(self.entries().states.get(hash), Some(UseState::Open))
    }

    /// Returns the caller and the next use of a ticket whose stream was dropped at this replica less than a minute ago.
    pub fn resumable(&self, hash: &TicketHash) -> Option<(Caller, Resumption)> {
        match self.entries().states.get(hash) {
            Some(UseState::Resumable(caller, resumption, until)) if self.clock.instant() < *until => {
                Some((caller.clone(), *resumption))
            }
            _ => None,
        }
    }

    /// Starts a use. `None` if this ticket has an open stream.
    pub fn start(
        self: &Arc<Self>,
        hash: TicketHash,
        number: u64,
        caller: Caller,
        acceptance: Acceptance,
    ) -> Option<TicketUse> {
        let previous = self.entries().insert(hash, UseState::Open);
        let is_free = !matches!(previous, Some(UseState::Open));
        is_free.then(|| TicketUse { uses: Arc::clone(self), hash, number, caller, acceptance })
    }

    fn release(&self, TicketUse { hash, caller, number, acceptance, .. }: &TicketUse) {
        let (hash, resumption) = (*hash, Resumption { number: number + 1 });
        let now = self.clock.instant();
        let mut entries = self.entries();
        entries.sweep(now);
        if entries.resumable_bytes + ticket_bytes(caller) > MAX_RESUMABLE_BYTES {
            entries.states.remove(&hash);
        } else {
            entries.insert(hash, UseState::Resumable(caller.clone(), resumption, now + LIFETIME));
        }
        drop(entries);
        // Nothing is written to the store for a caller that IPS has not accepted.
        if let Some(coordinator) = self.coordinator.clone().filter(|_| *acceptance == Acceptance::Accepted) {
            let value = serde_json::to_vec(&resumption).unwrap_or_default();
            // Without the store, the ticket can resume its stream at this replica only. The shutdown waits for it: the client reconnects to
            // another replica then.
            drop(self.background.spawn_tracked(async move {
                let _ = coordinator.put(resumption_key(&*coordinator, &hash), &value, LIFETIME).await;
            }));
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Key of the [`Resumption`] of a ticket in the shared store.
pub fn resumption_key(coordinator: &dyn Coordinator, hash: &TicketHash) -> StoreKey {
    coordinator.store_key(&[b"resumable ticket", hash])
}

/// Use of a ticket by an open stream. Dropping it makes the ticket valid for another minute, in which it can resume the stream.
pub struct TicketUse {
    uses: Arc<TicketUses>,
    hash: TicketHash,
    number: u64,
    caller: Caller,
    acceptance: Acceptance,
}

impl TicketUse {
    /// Returns the caller to whom the ticket was issued.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Drop for TicketUse {
    fn drop(&mut self) {
        self.uses.release(self);
    }
}
