//! Shutdown signals: Ctrl-C and SIGTERM.

use std::io;

use tokio::sync::watch;

/// Counter of the shutdown signals that the process received.
pub struct Signals(watch::Receiver<usize>);

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
        let (count, received) = watch::channel(0);
        tokio::spawn(async move {
            while !count.is_closed() {
                handlers.next_signal().await;
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(received))
    }

    /// Completes when the process has received this many signals.
    pub fn count(&self, signals: usize) -> impl Future<Output = ()> + use<> {
        let mut received = self.0.clone();
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
}

#[cfg(unix)]
impl Handlers {
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next_signal(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
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

    async fn next_signal(&mut self) {
        self.0.recv().await;
    }
}
