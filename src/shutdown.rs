//! When to stop.

use std::io;

/// Ends with the first Ctrl-C or SIGTERM. They count from the call on, not only once the future is polled.
///
/// # Errors
/// The system refuses to tell about signals.
///
/// # Panics
/// Outside of a tokio runtime.
#[cfg(unix)]
pub fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with the first Ctrl-C.
///
/// # Errors
/// The system refuses to tell about Ctrl-C.
///
/// # Panics
/// Outside of a tokio runtime.
#[cfg(windows)]
pub fn signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
