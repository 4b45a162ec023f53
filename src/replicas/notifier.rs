//! Who waits for which news.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::replicas::Name;

/// Where news are put up for those who wait for them.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<Name, watch::Sender<()>>>);

/// What becomes known about some names, from when it was asked for.
#[derive(Debug)]
pub struct News(Vec<watch::Receiver<()>>);

impl Board {
    /// Waits for news about these.
    pub fn listen(&self, names: &[Name]) -> News {
        let mut waiting = self.lock();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = |name: &Name| waiting.entry(*name).or_insert_with(|| watch::Sender::new(())).subscribe();
        News(names.iter().map(receiver).collect())
    }

    /// Something became known about this.
    pub fn tell(&self, name: Name) {
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

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl News {
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
