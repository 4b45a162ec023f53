//! Notifications within this process about changes by other replicas.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::replicas::StoreKey;

/// Subscribers of each key.
#[derive(Debug, Default)]
pub struct Notifier(Mutex<HashMap<StoreKey, watch::Sender<()>>>);

/// Subscription to the notifications of some keys.
#[derive(Debug)]
pub struct Notifications(Vec<watch::Receiver<()>>);

impl Notifier {
    /// Subscribes to the notifications of these keys from now on.
    pub fn subscribe(&self, keys: &[StoreKey]) -> Notifications {
        let mut senders = self.lock();
        senders.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = |key: &StoreKey| senders.entry(*key).or_insert_with(|| watch::Sender::new(())).subscribe();
        Notifications(keys.iter().map(receiver).collect())
    }

    /// Notifies the subscribers of a key.
    pub fn notify(&self, key: StoreKey) {
        if let Some(sender) = self.lock().get(&key) {
            sender.send_replace(());
        }
    }

    /// Notifies all subscribers: after a reconnect, any notification may have been missed.
    pub fn notify_all(&self) {
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, watch::Sender<()>>> {
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
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let changes = self.0.iter_mut().map(|receiver| {
            Box::pin(async {
                if receiver.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
        });
        futures_util::future::select_all(changes).await;
    }
}
