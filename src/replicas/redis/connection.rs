//! The connection to the store: kept by a task of its own, so that no request ever waits for one.
//!
//! An operation that fails or takes too long takes the connection down for everybody at once: who comes next goes on without the store,
//! until the task has made another connection and seen that the store takes writes.

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, Msg, RedisError, RedisResult};
use tokio::sync::{mpsc, watch};

use crate::replicas::redis::crypto;
use crate::replicas::redis::crypto::FORMAT;
use crate::replicas::{Notifier, StoreHealth};
use crate::runtime::backoff::Backoff;
use crate::telemetry::metrics::names;

/// An operation that takes longer has failed. Well above what a busy host takes: a wrong verdict splits the fleet for a moment, and the
/// right one costs this only once in an outage.
pub const PATIENCE: Duration = Duration::from_millis(400);
/// So long a connection may take to come about. Nobody waits for it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);
/// Pauses between attempts to connect.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(1), jitter: 0.0 };
/// A connection that lasted so long was a good one.
const STABLE: Duration = Duration::from_secs(10);

/// Where replicas tell each other what is new.
pub fn channel() -> String {
    format!("{FORMAT}:news")
}

/// What is wrong with the store, in one word, for metrics and logs.
pub type Trouble = &'static str;

#[derive(Clone)]
enum Link {
    /// It was not tried yet.
    New,
    Up(u64, MultiplexedConnection),
    Down,
}

/// The connection, as those who use it have it.
pub struct Connection {
    link: watch::Receiver<Link>,
    /// Takes the connection of this number down.
    lost: mpsc::UnboundedSender<(u64, Trouble)>,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

/// The same, as its keeper has it.
struct Keeper {
    client: Client,
    link: watch::Sender<Link>,
    lost: mpsc::UnboundedReceiver<(u64, Trouble)>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    board: Arc<Notifier>,
}

impl Connection {
    /// A connection to come; news go to the board. To be called within a tokio runtime. It is kept until this is dropped.
    pub fn keep(client: Client, board: Arc<Notifier>) -> Self {
        let (link, links) = watch::channel(Link::New);
        let (lost, losses) = mpsc::unbounded_channel();
        let trouble = Arc::new(Mutex::new(None));
        let keeper = Keeper { client, link, lost: losses, trouble: Arc::clone(&trouble), board };
        metrics::gauge!(names::SHARED_UP).set(0.0);
        tokio::spawn(keeper.run());
        Self { link: links, lost, trouble }
    }

    /// How it is.
    pub fn health(&self) -> StoreHealth {
        let up = !matches!(*self.link.borrow(), Link::Down);
        StoreHealth { up, trouble: *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Does something with the store; `None` when that can't be done.
    pub async fn run<T>(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let (number, connection) = self.connection().await?;
        let began = Instant::now();
        let done = tokio::time::timeout(PATIENCE, work(connection)).await;
        metrics::histogram!(names::SHARED_OPERATION_DURATION, "operation" => operation)
            .record(began.elapsed().as_secs_f64());
        let (trouble, weight) = match done {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => weigh(&error),
            Err(_) => ("timeout", Weight::Whole),
        };
        metrics::counter!(names::SHARED_ERRORS, "kind" => trouble).increment(1);
        if weight == Weight::Whole {
            // Fails only when the keeper is gone, with the runtime.
            let _ = self.lost.send((number, trouble));
        }
        None
    }

    /// At the start the first connection is waited for: what a replica says before it knows of the others may be old.
    async fn connection(&self) -> Option<(u64, MultiplexedConnection)> {
        let mut link = self.link.clone();
        let known =
            tokio::time::timeout(PATIENCE, link.wait_for(|link| !matches!(link, Link::New))).await.ok()?.ok()?;
        match &*known {
            Link::Up(number, connection) => Some((*number, connection.clone())),
            Link::New | Link::Down => None,
        }
    }
}

impl Keeper {
    async fn run(mut self) {
        let mut failures = 0;
        for number in 0.. {
            let connected = tokio::time::timeout(CONNECTS_WITHIN, connect(&self.client)).await;
            let trouble = match connected {
                Ok(Ok((connection, news))) => {
                    let since = Instant::now();
                    self.up(number, connection);
                    let Some(trouble) = self.until_lost(number, news).await else { return };
                    if since.elapsed() > STABLE {
                        failures = 0;
                    }
                    trouble
                }
                Ok(Err(error)) => weigh(&error).0,
                Err(_) => "timeout",
            };
            self.down(trouble);
            tokio::time::sleep(BACKOFF.pause(failures)).await;
            failures = failures.saturating_add(1);
            if self.lost.is_closed() {
                return;
            }
        }
    }

    fn up(&self, number: u64, connection: MultiplexedConnection) {
        let was = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.link.send_replace(Link::Up(number, connection));
        metrics::gauge!(names::SHARED_UP).set(1.0);
        tracing::info!(trouble = was, "the shared cache is in use");
        // What was told meanwhile, nobody heard.
        self.board.tell_all();
    }

    fn down(&self, trouble: Trouble) {
        self.link.send_replace(Link::Down);
        metrics::gauge!(names::SHARED_UP).set(0.0);
        let was = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).replace(trouble);
        if was.is_none() {
            tracing::warn!(trouble, "the shared cache can't be used: until it is back, this replica goes on by itself");
        }
    }

    /// Passes news on until the connection is lost, and tells why; `None` when nobody needs it any more.
    async fn until_lost(&mut self, number: u64, news: impl Stream<Item = Msg>) -> Option<Trouble> {
        let mut news = std::pin::pin!(news);
        loop {
            tokio::select! {
                lost = self.lost.recv() => match lost {
                    Some((of, trouble)) if of == number => return Some(trouble),
                    Some(_) => {}
                    None => return None,
                },
                message = news.next() => match message {
                    Some(message) => {
                        if let Some(name) = crypto::from_text(message.get_payload_bytes()) {
                            self.board.tell(name);
                        }
                    }
                    None => return Some("closed"),
                },
            }
        }
    }
}

/// A connection for commands and one for news, to a store that takes writes.
async fn connect(client: &Client) -> RedisResult<(MultiplexedConnection, impl Stream<Item = Msg> + use<>)> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTS_WITHIN)).set_response_timeout(Some(PATIENCE));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let probe = Cmd::new().arg("SET").arg(format!("{FORMAT}:probe")).arg("1").arg("PX").arg(1000).to_owned();
    probe.exec_async(&mut connection).await?;
    let mut news = client.get_async_pubsub().await?;
    news.subscribe(channel()).await?;
    Ok((connection, news.into_on_message()))
}

/// What the operating system, or TLS, says of a connection: TLS calls certificates that it doesn't believe invalid data.
fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    let shared = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    shared.downcast_ref().map(io::Error::kind)
}

/// Whether an error is about the store or about one thing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Whole,
    OneThing,
}

fn weigh(error: &RedisError) -> (Trouble, Weight) {
    let trouble = match (error.kind(), error.code()) {
        _ if error.is_timeout() => "timeout",
        _ if error.is_connection_refusal() => "refused",
        _ if error.is_connection_dropped() => "closed",
        (_, Some("WRONGTYPE")) | (ErrorKind::UnexpectedReturnType, _) => return ("wrong_data", Weight::OneThing),
        (_, Some("OOM")) => "full",
        (_, Some("READONLY")) => "read_only",
        (_, Some("LOADING" | "MASTERDOWN" | "BUSY")) => "not_ready",
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => "denied",
        (ErrorKind::Io, _) if io_kind(error) == Some(io::ErrorKind::InvalidData) => "tls",
        (ErrorKind::Io, _) => "io",
        (ErrorKind::Parse, _) => "garbage",
        (ErrorKind::Server(_) | ErrorKind::Extension, _) => "refuses",
        _ => "other",
    };
    (trouble, Weight::Whole)
}
