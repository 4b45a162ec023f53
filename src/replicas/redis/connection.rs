//! Connection to the store, managed by a background task, so that no request waits for a reconnect.
//!
//! An operation that fails or times out takes the connection down for all callers: they go on without the store until the task has
//! reconnected and the store has accepted a write.

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, Msg, RedisError, RedisResult};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::replicas::redis::keys::{FORMAT, channel, decode_key};
use crate::replicas::{Notifier, StoreHealth};
use crate::runtime::backoff::Backoff;
use crate::telemetry::metrics::names;

/// Timeout of an operation. Well above the latency of a busy host, because a false timeout separates the replicas for a moment, while a
/// store that is down costs the timeout only once.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(400);
/// Timeout of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Back-off between connection attempts.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(1), jitter: 0.0 };
/// Time up after which a connection counts as stable, so that its loss resets the back-off.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// Kind of an error of the store, as in metrics, logs and health.
type StoreErrorKind = &'static str;

/// Error kind of a connection that was closed.
const CLOSED: StoreErrorKind = "closed";
/// Error kind of an operation or a connection attempt that timed out.
const TIMEOUT: StoreErrorKind = "timeout";

/// State of the connection.
#[derive(Clone)]
enum ConnectionState {
    /// The first attempt is in progress.
    Connecting,
    /// Up; the number distinguishes it from earlier connections.
    Up(u64, MultiplexedConnection),
    Down,
}

/// Handle of the managed connection.
pub struct StoreConnection {
    state: watch::Receiver<ConnectionState>,
    /// Reports that the connection with this number failed.
    failures: mpsc::UnboundedSender<(u64, StoreErrorKind)>,
    error: Arc<Mutex<Option<StoreErrorKind>>>,
}

/// Background task that connects and reconnects.
struct ConnectionManager {
    client: Client,
    state: watch::Sender<ConnectionState>,
    failures: mpsc::UnboundedReceiver<(u64, StoreErrorKind)>,
    error: Arc<Mutex<Option<StoreErrorKind>>>,
    notifier: Arc<Notifier>,
}

impl StoreConnection {
    /// Starts the background task, which ends when the handle is dropped. Notifications of other replicas go to `notifier`. Must be called
    /// within a tokio runtime.
    pub fn open(client: Client, notifier: Arc<Notifier>) -> Self {
        let (state_sender, state) = watch::channel(ConnectionState::Connecting);
        let (failures, failure_receiver) = mpsc::unbounded_channel();
        let error = Arc::new(Mutex::new(None));
        let manager = ConnectionManager {
            client,
            state: state_sender,
            failures: failure_receiver,
            error: Arc::clone(&error),
            notifier,
        };
        metrics::gauge!(names::SHARED_UP).set(0.0);
        tokio::spawn(manager.run());
        Self { state, failures, error }
    }

    /// Returns the health of the store.
    pub fn health(&self) -> StoreHealth {
        let up = !matches!(*self.state.borrow(), ConnectionState::Down);
        StoreHealth { up, error_kind: *self.error.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Runs an operation on the connection, and records its duration under this name; `None` if the connection is down, or the operation
    /// fails or takes longer than 400 ms.
    pub async fn run<T>(
        &self,
        name: &'static str,
        operation: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let (number, connection) = self.connection().await?;
        let started = Instant::now();
        let result = tokio::time::timeout(OPERATION_TIMEOUT, operation(connection)).await;
        metrics::histogram!(names::SHARED_OPERATION_DURATION, "operation" => name)
            .record(started.elapsed().as_secs_f64());
        let (kind, scope) = match result {
            Ok(Ok(reply)) => return Some(reply),
            Ok(Err(error)) => classify(&error),
            Err(_) => (TIMEOUT, ErrorScope::Store),
        };
        metrics::counter!(names::SHARED_ERRORS, "kind" => kind).increment(1);
        if scope == ErrorScope::Store {
            // Fails only if the background task has ended, with its runtime.
            let _ = self.failures.send((number, kind));
        }
        None
    }

    /// Returns the connection if it is up. After the start, the first attempt is awaited: without the store, this replica could serve older
    /// data than others.
    async fn connection(&self) -> Option<(u64, MultiplexedConnection)> {
        let mut state = self.state.clone();
        let connected = state.wait_for(|state| !matches!(state, ConnectionState::Connecting));
        let state = tokio::time::timeout(OPERATION_TIMEOUT, connected).await.ok()?.ok()?;
        match &*state {
            ConnectionState::Up(number, connection) => Some((*number, connection.clone())),
            ConnectionState::Connecting | ConnectionState::Down => None,
        }
    }
}

impl ConnectionManager {
    async fn run(mut self) {
        let mut failures = 0;
        for number in 0.. {
            let connected = tokio::time::timeout(CONNECT_TIMEOUT, connect(&self.client)).await;
            let error = match connected {
                Ok(Ok((connection, messages))) => {
                    let since = Instant::now();
                    self.set_up(number, connection);
                    let Some(error) = self.forward_until_failure(number, messages).await else { return };
                    if since.elapsed() > STABLE_AFTER {
                        failures = 0;
                    }
                    error
                }
                Ok(Err(error)) => classify(&error).0,
                Err(_) => TIMEOUT,
            };
            self.set_down(error);
            tokio::time::sleep(BACKOFF.pause(failures)).await;
            failures = failures.saturating_add(1);
            if self.failures.is_closed() {
                return;
            }
        }
    }

    fn set_up(&self, number: u64, connection: MultiplexedConnection) {
        let previous_error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.state.send_replace(ConnectionState::Up(number, connection));
        metrics::gauge!(names::SHARED_UP).set(1.0);
        tracing::info!(previous_error, "connected to the shared store");
        self.notifier.notify_all();
    }

    fn set_down(&self, error: StoreErrorKind) {
        self.state.send_replace(ConnectionState::Down);
        metrics::gauge!(names::SHARED_UP).set(0.0);
        let previous_error = self.error.lock().unwrap_or_else(PoisonError::into_inner).replace(error);
        if previous_error.is_none() {
            tracing::warn!(error, "the shared store is unavailable: this replica works alone until it reconnects");
        }
    }

    /// Forwards notifications until the connection with this number fails, and returns the kind of its error; `None` if the handle was
    /// dropped.
    async fn forward_until_failure(
        &mut self,
        number: u64,
        messages: impl Stream<Item = Msg>,
    ) -> Option<StoreErrorKind> {
        let mut messages = std::pin::pin!(messages);
        loop {
            tokio::select! {
                failure = self.failures.recv() => match failure {
                    Some((failed, error)) if failed == number => return Some(error),
                    Some(_) => {}
                    None => return None,
                },
                message = messages.next() => match message {
                    Some(message) => {
                        if let Some(key) = decode_key(message.get_payload_bytes()) {
                            self.notifier.notify(key);
                        }
                    }
                    None => return Some(CLOSED),
                },
            }
        }
    }
}

/// Opens a connection for commands and one for notifications, and checks that the store accepts writes.
async fn connect(client: &Client) -> RedisResult<(MultiplexedConnection, impl Stream<Item = Msg> + use<>)> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(OPERATION_TIMEOUT));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let probe = Cmd::new().arg("SET").arg(format!("{FORMAT}:probe")).arg("1").arg("PX").arg(1000).to_owned();
    probe.exec_async(&mut connection).await?;
    let mut subscriber = client.get_async_pubsub().await?;
    subscriber.subscribe(channel()).await?;
    Ok((connection, subscriber.into_on_message()))
}

/// Returns the kind of an IO error of the connection; TLS reports untrusted certificates as invalid data.
fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    let shared = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    shared.downcast_ref().map(io::Error::kind)
}

/// Scope of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorScope {
    /// The store: the connection is taken down.
    Store,
    /// One value in the store.
    Value,
}

fn classify(error: &RedisError) -> (StoreErrorKind, ErrorScope) {
    let kind = match (error.kind(), error.code()) {
        _ if error.is_timeout() => TIMEOUT,
        _ if error.is_connection_refusal() => "refused",
        _ if error.is_connection_dropped() => CLOSED,
        (_, Some("WRONGTYPE")) | (ErrorKind::UnexpectedReturnType, _) => return ("wrong_data", ErrorScope::Value),
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
    (kind, ErrorScope::Store)
}
