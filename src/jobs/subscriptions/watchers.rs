//! Watchers of the lists from which a response is made.

use crate::jobs::cache::refresh::Watcher;
use crate::runtime::futures::first_of;

/// Watchers of several lists. The lists are refreshed until the watchers are dropped.
pub struct ListWatchers(pub(super) Vec<Watcher>);

impl ListWatchers {
    /// Waits until the content of one of the lists changes; forever if there is no list.
    pub async fn changed(&mut self) {
        first_of(self.0.iter_mut().map(Watcher::changed)).await;
    }
}
