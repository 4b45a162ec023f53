//! Writer of log lines to stderr that never waits: a thread of its own writes them, and lines beyond a bound are dropped and counted.

use std::io::{Write, stderr};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Maximum number of lines that wait for stderr. A line has about 300 bytes, that of a panic with a backtrace some KiB.
const MAX_LINES: usize = 8_192;
/// Maximum time for which the last lines wait for stderr.
const MAX_FLUSH_TIME: Duration = Duration::from_secs(1);
/// Maximum time for which a last message waits for stderr.
const MAX_MESSAGE_TIME: Duration = Duration::from_millis(200);

/// Counter of the lines that were dropped because stderr was not read.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Guard of the writer: writes the lines that wait when it is dropped, for a second at most.
pub(super) struct FlushOnDrop(Option<WorkerGuard>);

impl Drop for FlushOnDrop {
    fn drop(&mut self) {
        let (guard, (sender, flushed)) = (self.0.take(), mpsc::channel());
        // On a thread, because the library prints to stdout if the time does not suffice, and stdout may be closed or not be read.
        let flush = move || {
            drop(guard);
            let _ = sender.send(());
        };
        if std::thread::Builder::new().spawn(flush).is_ok() {
            let _ = flushed.recv_timeout(MAX_FLUSH_TIME);
        }
    }
}

/// Starts the thread that writes to stderr.
pub(super) fn start() -> (NonBlocking, FlushOnDrop) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MAX_LINES).thread_name("log");
    let (writer, guard) = builder.finish(stderr());
    let _ = DROPPED.set(writer.error_counter());
    (writer, FlushOnDrop(Some(guard)))
}

/// Returns the number of dropped lines.
pub(super) fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |counter| counter.dropped_lines() as u64)
}

/// Writes a message to stderr, without waiting for it any longer than 200 ms.
pub fn print_error(message: String) {
    let (sender, written) = mpsc::channel();
    let write = move || {
        // Nothing else could report this error.
        let _ = writeln!(stderr(), "{message}");
        let _ = sender.send(());
    };
    if std::thread::Builder::new().spawn(write).is_ok() {
        let _ = written.recv_timeout(MAX_MESSAGE_TIME);
    }
}
