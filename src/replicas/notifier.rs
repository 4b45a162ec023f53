//! Who waits for which news.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::replicas::StoreKey;

/// Where news are put up for those who wait for them.
#[derive(Debug, Default)]
pub struct Notifier(Mutex<HashMap<StoreKey, watch::Sender<()>>>);

/// What becomes known about some names, from when it was asked for.
#[derive(Debug)]
pub struct Notifications(Vec<watch::Receiver<()>>);

impl Notifier {
    /// Waits for news about these.
    pub fn listen(&self, names: &[StoreKey]) -> Notifications {
        let mut waiting = self.lock();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = |name: &StoreKey| waiting.entry(*name).or_insert_with(|| watch::Sender::new(())).subscribe();
        Notifications(names.iter().map(receiver).collect())
    }

    /// Something became known about this.
    pub fn tell(&self, name: StoreKey) {
        if let Some(sender) = self.lock().get(&name) {
            sender.send_replace(());
        }
    }

    /// Something may have become known about anything.
    pub fn tell_all(&self) {
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifications {
    /// No news, ever.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Waits until something becomes known; for ever once nobody can tell any more.
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
