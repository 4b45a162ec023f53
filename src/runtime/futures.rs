//! Combinators of futures.

use futures_util::future::select_all;

/// Completes when the first of these futures completes; never if there is none.
pub async fn first_of<F: Future>(futures: impl Iterator<Item = F>) -> F::Output {
    let futures: Vec<_> = futures.map(Box::pin).collect();
    if futures.is_empty() {
        return std::future::pending().await;
    }
    select_all(futures).await.0
}
