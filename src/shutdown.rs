//! When to stop.

use std::io;

use tokio::sync::watch;

/// Counts how often the process was asked to end: by Ctrl-C or SIGTERM.
pub struct Signals(watch::Receiver<usize>);

impl Signals {
    /// Counts from now on, not only once somebody waits.
    ///
    /// # Errors
    /// The system refuses to tell about signals.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let mut next = signals()?;
        let (count, counted) = watch::channel(0);
        tokio::spawn(async move {
            while !count.is_closed() {
                next.received().await;
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(counted))
    }

    /// Ends when the process was asked that often.
    pub fn count(&self, times: usize) -> impl Future<Output = ()> + use<> {
        let mut counted = self.0.clone();
        async move {
            if counted.wait_for(|count| *count >= times).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
struct Next {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn signals() -> io::Result<Next> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok(Next { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

#[cfg(unix)]
impl Next {
    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Next(tokio::signal::windows::CtrlC);

#[cfg(windows)]
fn signals() -> io::Result<Next> {
    tokio::signal::windows::ctrl_c().map(Next)
}

#[cfg(windows)]
impl Next {
    async fn received(&mut self) {
        self.0.recv().await;
    }
}
