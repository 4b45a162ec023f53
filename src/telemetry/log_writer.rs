//! Writer of log lines to stderr that never waits: a thread of its own writes them in batches, and lines beyond a bound are dropped and counted.

use std::io::{self, Write, stderr};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Maximum number of lines that wait for stderr. A line has about 300 bytes, that of a panic with a backtrace some KiB.
const MAX_LINES: usize = 8_192;
/// Time for which lines are collected: a wake-up of the thread and a write for each line would cost more than the lines.
const BATCH_TIME: Duration = Duration::from_millis(5);
/// Maximum capacity of the buffers in bytes that is kept from batch to batch.
const MAX_KEPT_BYTES: usize = 64 * 1024;
/// Maximum time for which the last lines wait for stderr.
const MAX_FLUSH_TIME: Duration = Duration::from_secs(1);
/// Maximum time for which a last message waits for stderr.
const MAX_MESSAGE_TIME: Duration = Duration::from_millis(200);

/// Number of lines that were dropped because stderr was not read.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Writer of whole log lines. Clones write to the same thread.
#[derive(Clone)]
pub(super) struct LogWriter(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    /// Notified when the first line of a batch is added, and when the queue closes.
    changed: Condvar,
}

/// Lines that wait for the thread.
#[derive(Default)]
struct QueueState {
    text: Vec<u8>,
    /// Number of lines in `text`, and of those of the batch that is being written.
    lines: usize,
    is_closed: bool,
}

impl LogWriter {
    /// Adds a line, or drops it if too many wait.
    pub(super) fn write_line(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.lines >= MAX_LINES {
            DROPPED.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let is_first = state.text.is_empty();
        state.text.extend_from_slice(line);
        state.lines += 1;
        drop(state);
        if is_first {
            self.0.changed.notify_one();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines, collects more of them for [`BATCH_TIME`], and exchanges them for the empty `batch`. Returns their number; 0 once the
    /// queue is closed.
    fn next_batch(&self, batch: &mut Vec<u8>) -> usize {
        let is_idle = |state: &mut QueueState| state.text.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let is_open = |state: &mut QueueState| !state.is_closed;
        let waited = self.changed.wait_timeout_while(state, BATCH_TIME, is_open);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut state.text, batch);
        if batch.is_empty() { 0 } else { state.lines }
    }

    /// Writes batches until the queue is closed and empty.
    fn write_batches(&self) {
        let mut batch = Vec::new();
        loop {
            let lines = self.next_batch(&mut batch);
            if lines == 0 {
                return;
            }
            // Nothing else could report this error.
            let _ = stderr().write_all(&batch);
            self.lock().lines -= lines;
            batch.clear();
            batch.shrink_to(MAX_KEPT_BYTES);
        }
    }
}

/// Writer of an event of `tracing`, which is written at once.
impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Guard of the writer: writes the lines that wait when it is dropped, for a second at most.
pub(super) struct FlushOnDrop {
    queue: Arc<Queue>,
    /// Disconnected when the thread ends.
    written: Receiver<()>,
}

impl Drop for FlushOnDrop {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_one();
        let _ = self.written.recv_timeout(MAX_FLUSH_TIME);
    }
}

/// Starts the thread that writes to stderr.
///
/// # Panics
/// The operating system has no threads left.
pub(super) fn start() -> (LogWriter, FlushOnDrop) {
    let queue = Arc::<Queue>::default();
    let (running, written) = mpsc::channel::<()>();
    let thread = {
        let queue = Arc::clone(&queue);
        move || {
            queue.write_batches();
            drop(running);
        }
    };
    std::thread::Builder::new().name("log".into()).spawn(thread).expect("the operating system has a thread left");
    (LogWriter(Arc::clone(&queue)), FlushOnDrop { queue, written })
}

/// Returns the number of dropped lines.
pub(super) fn dropped_lines() -> u64 {
    DROPPED.load(Ordering::Relaxed)
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
