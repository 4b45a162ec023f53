//! Client of the store: commands and scripts over the managed connection, with encrypted values.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisResult, Script, ToRedisArgs};

use crate::replicas::crypto::Keys;
use crate::replicas::redis::connection::StoreConnection;
use crate::replicas::{Result, Unavailable};

/// Client of the store.
pub struct StoreClient {
    /// Encryption and hashing keys.
    pub keys: Keys,
    /// Connection.
    pub connection: StoreConnection,
}

impl StoreClient {
    /// Runs a command. `operation` is its name in metrics.
    ///
    /// # Errors
    /// [`Unavailable`] if the connection is down, or the command fails or takes too long.
    pub async fn query<T: FromRedisValue>(&self, operation: &'static str, command: &Cmd) -> Result<T> {
        let query = async |mut connection: MultiplexedConnection| command.query_async(&mut connection).await;
        self.connection.run(operation, query).await.ok_or(Unavailable)
    }

    /// Runs a script. `operation` is its name in metrics.
    ///
    /// # Errors
    /// [`Unavailable`] if the connection is down, or the script fails or takes too long.
    pub async fn invoke<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &Script,
        keys: &[&String],
        arguments: &[&dyn Argument],
    ) -> Result<T> {
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(*key);
        }
        for argument in arguments {
            invocation.arg(argument.bytes());
        }
        let invoke = async |mut connection: MultiplexedConnection| -> RedisResult<T> {
            invocation.invoke_async(&mut connection).await
        };
        self.connection.run(operation, invoke).await.ok_or(Unavailable)
    }

    /// Encrypts a value and authenticates it with its associated data, its key in the store.
    ///
    /// # Errors
    /// [`Unavailable`] if the operating system has no random bytes.
    pub fn seal(&self, associated_data: &str, plain: &[u8]) -> Result<Vec<u8>> {
        self.keys.seal(associated_data, plain).ok_or(Unavailable)
    }

    /// Decrypts a value with its associated data; `None` if it was moved or changed.
    pub fn open(&self, associated_data: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(associated_data, sealed)
    }
}

/// Returns a command with its arguments.
pub fn command(name: &str, arguments: &[impl ToRedisArgs]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(name).arg(arguments);
    command
}

/// Returns a duration in milliseconds, at least 1, because the store rejects an expiry of 0.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Parses a number of the store; 0 if it is absent or not a number.
pub fn parse_number(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok()).unwrap_or_default()
}

/// Argument of a script: a number in decimal, or bytes.
pub trait Argument: Sync {
    /// Returns the bytes that the script gets.
    fn bytes(&self) -> Vec<u8>;
}

impl Argument for u64 {
    fn bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl Argument for Vec<u8> {
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl Argument for &[u8] {
    fn bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Argument for String {
    fn bytes(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }
}
