//! Notifications within this process about changes by other replicas.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::replicas::StoreKey;
use crate::runtime::futures::first_of;

/// Minimum number of keys from which those without subscribers are removed.
const MIN_SWEEP_SIZE: usize = 64;

/// Subscribers of each key.
#[derive(Debug, Default)]
pub struct Notifier(Mutex<Subscribers>);

#[derive(Debug, Default)]
struct Subscribers {
    senders: HashMap<StoreKey, watch::Sender<()>>,
    /// Number of keys at which those without subscribers are removed: twice the number after the last removal, so that subscribing takes
    /// constant time on average.
    sweep_size: usize,
}

impl Subscribers {
    fn subscribe(&mut self, key: StoreKey) -> watch::Receiver<()> {
        if self.senders.len() >= self.sweep_size.max(MIN_SWEEP_SIZE) {
            self.senders.retain(|_, sender| sender.receiver_count() > 0);
            self.sweep_size = self.senders.len() * 2;
        }
        self.senders.entry(key).or_insert_with(|| watch::Sender::new(())).subscribe()
    }
}

/// Subscription to the notifications of some keys.
#[derive(Debug)]
pub struct Notifications(Vec<watch::Receiver<()>>);

impl Notifier {
    /// Subscribes to the notifications of these keys from now on.
    pub fn subscribe(&self, keys: &[StoreKey]) -> Notifications {
        let mut subscribers = self.lock();
        Notifications(keys.iter().map(|key| subscribers.subscribe(*key)).collect())
    }

    /// Notifies the subscribers of a key.
    pub fn notify(&self, key: StoreKey) {
        if let Some(sender) = self.lock().senders.get(&key) {
            sender.send_replace(());
        }
    }

    /// Notifies all subscribers: after a reconnect, any notification may have been missed.
    pub fn notify_all(&self) {
        for sender in self.lock().senders.values() {
            sender.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifications {
    /// Returns a subscription without notifications.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Waits for the next notification; forever if there are no keys or the notifier was dropped.
    pub async fn changed(&mut self) {
        let changes = self.0.iter_mut().map(|receiver| async move {
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        first_of(changes).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_without_subscribers_are_removed_and_the_others_kept() {
        let notifier = Notifier::default();
        let key = |number: u32| {
            let mut key = [0; 24];
            key[..4].copy_from_slice(&number.to_be_bytes());
            StoreKey(key)
        };
        let kept: Vec<_> = (0..100).map(|number| notifier.subscribe(&[key(number)])).collect();
        for number in 100..100_000 {
            drop(notifier.subscribe(&[key(number)]));
        }
        let subscribers = notifier.lock();
        assert!(subscribers.senders.len() <= 2 * kept.len(), "{}", subscribers.senders.len());
        assert!((0..100).all(|number| subscribers.senders.contains_key(&key(number))));
    }
}
