//! Watchers of the lists from which a response is made.

use crate::jobs::cache::refresh::Watcher;

/// Watchers of several lists. The lists are refreshed until the watchers are dropped.
pub struct ListWatchers(pub(super) Vec<Watcher>);

impl ListWatchers {
    /// Waits until the content of one of the lists changes; forever if there is no list.
    pub async fn changed(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let changes = self.0.iter_mut().map(|watcher| Box::pin(watcher.changed()));
        futures_util::future::select_all(changes).await;
    }
}
