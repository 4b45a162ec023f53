//! Signals: Ctrl-C and SIGTERM for the shutdown, SIGHUP for a reload.

use std::io;

use tokio::sync::watch;

/// Counters of the signals that the process received.
pub struct Signals {
    shutdowns: watch::Receiver<usize>,
    reloads: watch::Receiver<usize>,
}

/// Meaning of a signal.
enum Signal {
    Shutdown,
    Reload,
}

impl Signals {
    /// Installs the signal handlers; signals count from now on.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let mut handlers = Handlers::install()?;
        let (shutdown_count, shutdowns) = watch::channel(0);
        let (reload_count, reloads) = watch::channel(0);
        tokio::spawn(async move {
            while !shutdown_count.is_closed() {
                let count = match handlers.next_signal().await {
                    Signal::Shutdown => &shutdown_count,
                    Signal::Reload => &reload_count,
                };
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { shutdowns, reloads })
    }

    /// Returns the number of reload signals, SIGHUP.
    pub fn reloads(&self) -> watch::Receiver<usize> {
        self.reloads.clone()
    }

    /// Completes when the process has received this many shutdown signals.
    pub fn count(&self, signals: usize) -> impl Future<Output = ()> + use<> {
        let mut received = self.shutdowns.clone();
        async move {
            if received.wait_for(|count| *count >= signals).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
struct Handlers {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Handlers {
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next_signal(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Shutdown,
            _ = self.terminate.recv() => Signal::Shutdown,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}

#[cfg(windows)]
struct Handlers(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Handlers {
    fn install() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next_signal(&mut self) -> Signal {
        self.0.recv().await;
        Signal::Shutdown
    }
}
