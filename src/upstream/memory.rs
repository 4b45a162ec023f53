//! How much memory answers may take while they are read.
//!
//! Each is limited, but many may come at once. Small ones are free; what is larger shares a pool. Who finds that empty waits for the
//! one place beside it, whose holder may go on to the limit: so somebody can always go on, however much others hold.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers up to so many bytes are free.
const FREE: usize = 256 << 10;
/// What is taken from the pool at once, in bytes.
const STEP: usize = 256 << 10;

/// The memory for large answers. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pool: Arc<Semaphore>,
    beside: Arc<Semaphore>,
}

/// The room that one answer has.
#[derive(Debug)]
pub(super) struct Room {
    memory: Memory,
    /// In bytes.
    size: usize,
    held: Option<OwnedSemaphorePermit>,
    beside: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// A pool of `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        Self { pool: Arc::new(Semaphore::new(bytes.div_ceil(STEP))), beside: Arc::new(Semaphore::new(1)) }
    }

    /// The room of a small answer.
    pub(super) fn room(&self) -> Room {
        Room { memory: self.clone(), size: FREE, held: None, beside: None }
    }
}

impl Room {
    /// Waits until there is room for an answer of `bytes`.
    pub(super) async fn make(&mut self, bytes: usize) {
        while self.size < bytes && self.beside.is_none() {
            match Arc::clone(&self.memory.pool).try_acquire_owned() {
                Ok(step) => {
                    match &mut self.held {
                        Some(held) => held.merge(step),
                        none => *none = Some(step),
                    }
                    self.size += STEP;
                }
                Err(_) => self.beside = Arc::clone(&self.memory.beside).acquire_owned().await.ok(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn makes(room: &mut Room, bytes: usize) -> bool {
        room.make(bytes).now_or_never().is_some()
    }

    #[test]
    fn small_answers_are_free_and_large_ones_share() {
        let memory = Memory::new(4 * STEP);
        let mut rooms: Vec<_> = (0..100).map(|_| memory.room()).collect();
        assert!(rooms.iter_mut().all(|room| makes(room, FREE)));
        assert!(makes(&mut rooms[0], FREE + 2 * STEP) && makes(&mut rooms[1], FREE + 2 * STEP));
        assert!(makes(&mut rooms[2], usize::MAX), "it has the place beside the pool");
        assert!(!makes(&mut rooms[3], FREE + 1), "it has to wait");
    }

    #[test]
    fn of_many_that_hold_a_part_one_can_always_go_on() {
        let memory = Memory::new(4 * STEP);
        let mut rooms: Vec<_> = (0..4).map(|_| memory.room()).collect();
        assert!(rooms.iter_mut().all(|room| makes(room, FREE + STEP)));
        while let Some(mut room) = rooms.pop() {
            assert!(makes(&mut room, FREE + 8 * STEP));
            assert!(rooms.first_mut().is_none_or(|other| !makes(other, FREE + 2 * STEP)));
        }
        assert!(makes(&mut memory.room(), FREE + 4 * STEP), "all was given back");
        assert!(memory.beside.available_permits() == 1);
    }
}
