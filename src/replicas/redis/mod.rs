//! What replicas share, on Valkey or Redis: implements the port [`jobs::fleet`](crate::replicas).
//!
//! Keys are `ipsgw:1:` (the format), a letter that says what it is, and keyed hashes; what belongs to a company has its hash in braces, so
//! that a cluster keeps it in one place. Numbers (generations, tokens) are plain. Everything else is sealed for the key that it stands
//! under, snapshots for their token, too: what was moved, cut or made by others can't be read, and counts as absent.

mod connection;
mod crypto;
mod scripts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue, RedisResult, Script, TlsCertificates, ToRedisArgs};
use secrecy::{ExposeSecret, SecretString};

use crate::replicas::redis::connection::{Connection, channel};
use crate::replicas::redis::crypto::{FORMAT, Keys, text};
use crate::replicas::{
    ClaimOutcome, ClaimedRecord, Coordinator, FailureReport, LastSnapshot, Lease, LeaseOutcome, ListLocation,
    ListStatus, Notifications, Notifier, Publication, Result, StoreHealth, StoreKey, StoredSnapshot, Unavailable,
};

/// So many batches of events are kept: one for every look at IPS that found something new.
const MOST_BATCHES: usize = 256;
/// A generation is kept longer than anything that it could make worthless.
const GENERATIONS_KEPT: Duration = Duration::from_hours(48);

/// The shared store.
pub struct RedisCoordinator {
    keys: Keys,
    connection: Connection,
    board: Arc<Notifier>,
}

/// The URL of the store, or what its server is to be known by, can't be used. Either may be secret.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum InvalidAddress {
    /// The URL.
    #[error("the URL of the shared cache can't be used")]
    Url,
    /// The certificates.
    #[error("the certificate authorities of the shared cache can't be read")]
    Authorities,
}

/// The keys of a list.
struct ListKeys {
    generation: String,
    token: String,
    last: String,
    lease: String,
    failure: String,
    snapshot: String,
}

impl ListKeys {
    fn of(at: &ListLocation) -> Self {
        let key = |kind| format!("{FORMAT}:{kind}:{{{}}}:{}", text(at.company), text(at.list));
        Self {
            generation: generation(at.company),
            token: key("v"),
            last: key("t"),
            lease: key("l"),
            failure: key("f"),
            snapshot: key("s"),
        }
    }
}

fn generation(company: StoreKey) -> String {
    format!("{FORMAT}:g:{{{}}}", text(company))
}

fn events(at: &ListLocation, epoch: u64) -> String {
    format!("{FORMAT}:e:{{{}}}:{}:{epoch:x}", text(at.company), text(at.list))
}

/// A record and the key that tells whether its owner is at work.
fn record(name: StoreKey) -> [String; 2] {
    let name = text(name);
    [format!("{FORMAT}:r:{{{name}}}"), format!("{FORMAT}:h:{{{name}}}")]
}

fn memory(name: StoreKey) -> String {
    format!("{FORMAT}:m:{}", text(name))
}

fn lease_text(lease: Lease) -> String {
    format!("{}|{}", lease.generation, lease.token)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Numbers of the store are plain; garbage counts as absent.
fn number(bytes: Option<&Vec<u8>>) -> u64 {
    bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok()).unwrap_or_default()
}

impl RedisCoordinator {
    /// The store at this URL, for the fleet with this key, about what `scope` tells. With TLS its server is known by one of these
    /// authorities (PEM), or else by one of the system's. It connects by itself, again and again. To be called within a tokio runtime.
    ///
    /// # Errors
    /// The URL or the authorities can't be used.
    pub fn open(
        url: &SecretString,
        authorities: Option<Vec<u8>>,
        key: &SecretString,
        scope: &[&str],
    ) -> std::result::Result<Self, InvalidAddress> {
        let url = url.expose_secret();
        let client = match authorities {
            None => Client::open(url).map_err(|_| InvalidAddress::Url)?,
            Some(authorities) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(authorities) };
                Client::build_with_tls(url, certificates).map_err(|_| InvalidAddress::Authorities)?
            }
        };
        let board = Arc::new(Notifier::default());
        let connection = Connection::keep(client, Arc::clone(&board));
        Ok(Self { keys: Keys::new(key.expose_secret(), scope), connection, board })
    }

    async fn ask<T: FromRedisValue>(&self, operation: &'static str, command: &Cmd) -> Result<T> {
        let asked = async |mut connection: MultiplexedConnection| command.query_async(&mut connection).await;
        self.connection.run(operation, asked).await.ok_or(Unavailable)
    }

    async fn invoke<T: FromRedisValue>(
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
        let asked = async |mut connection: MultiplexedConnection| -> RedisResult<T> {
            invocation.invoke_async(&mut connection).await
        };
        self.connection.run(operation, asked).await.ok_or(Unavailable)
    }

    fn sealed(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
        self.keys.seal(place, plain).ok_or(Unavailable)
    }
}

/// What scripts take: numbers and bytes.
trait Argument: Sync {
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

fn command(name: &str, arguments: &[impl ToRedisArgs]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(name).arg(arguments);
    command
}

#[async_trait]
impl Coordinator for RedisCoordinator {
    fn health(&self) -> StoreHealth {
        self.connection.health()
    }

    fn name(&self, parts: &[&[u8]]) -> StoreKey {
        self.keys.name(parts)
    }

    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(&format!("{FORMAT}:{purpose}"), plain)
    }

    fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(&format!("{FORMAT}:{purpose}"), sealed)
    }

    fn news(&self, names: &[StoreKey]) -> Notifications {
        self.board.listen(names)
    }

    async fn look(&self, at: &ListLocation) -> Result<ListStatus> {
        let list = ListKeys::of(at);
        let look = command("MGET", &[&list.generation, &list.token, &list.failure]);
        let [generation, token, failure]: [Option<Vec<u8>>; 3] = self.ask("look", &look).await?;
        let failure = failure.and_then(|failure| {
            let end = failure.iter().position(|byte| *byte == b'|')?;
            self.keys.open(&format!("{}|{}", list.failure, number(Some(&failure[..end].to_vec()))), &failure[end + 1..])
        });
        Ok(ListStatus { generation: number(generation.as_ref()), token: number(token.as_ref()), failure })
    }

    async fn fetch(&self, at: &ListLocation) -> Result<Option<StoredSnapshot>> {
        let list = ListKeys::of(at);
        let fetch = command("MGET", &[&list.token, &list.snapshot]);
        let [token, snapshot]: [Option<Vec<u8>>; 2] = self.ask("fetch", &fetch).await?;
        let token = number(token.as_ref());
        let place = format!("{}|{token}", list.snapshot);
        let data = snapshot.and_then(|snapshot| self.keys.open(&place, &snapshot));
        Ok((token > 0).then_some(StoredSnapshot { token, data }))
    }

    async fn batches(&self, at: &ListLocation, epoch: u64, after: u64) -> Result<Vec<Vec<u8>>> {
        let place = events(at, epoch);
        let range = command("ZRANGEBYSCORE", &[place.clone(), format!("({after}"), "+inf".to_owned()]);
        let batches: Vec<Vec<u8>> = self.ask("events", &range).await?;
        Ok(batches.iter().filter_map(|batch| self.keys.open(&place, batch)).collect())
    }

    async fn begin(&self, at: &ListLocation, generation: u64, known: u64, lease: Duration) -> Result<LeaseOutcome> {
        let list = ListKeys::of(at);
        let keys = [&list.generation, &list.token, &list.last, &list.lease, &list.failure];
        let arguments: [&dyn Argument; 4] = [&generation, &known, &millis(lease), &millis(GENERATIONS_KEPT)];
        let (turn, value): (String, u64) = self.invoke("begin", &scripts::BEGIN, &keys, &arguments).await?;
        match turn.as_str() {
            "granted" => Ok(LeaseOutcome::Granted(Lease { generation, token: value })),
            "taken" => Ok(LeaseOutcome::Taken(Duration::from_millis(value))),
            "outdated" => Ok(LeaseOutcome::Outdated(value)),
            "failed" => Ok(LeaseOutcome::FailureReport),
            "news" => Ok(LeaseOutcome::News),
            _ => Err(Unavailable),
        }
    }

    async fn renew(&self, at: &ListLocation, lease: Lease, time: Duration) -> Result<()> {
        let list = ListKeys::of(at);
        let arguments: [&dyn Argument; 2] = [&lease_text(lease), &millis(time)];
        self.invoke("renew", &scripts::RENEW, &[&list.lease], &arguments).await
    }

    async fn publish(&self, at: &ListLocation, lease: Lease, publication: Publication) -> Result<bool> {
        let list = ListKeys::of(at);
        let Publication { snapshot, events: batch, keep } = publication;
        let snapshot = self.sealed(&format!("{}|{}", list.snapshot, lease.token), &snapshot)?;
        let (events, number, batch) = match batch {
            Some(batch) => {
                let place = events(at, batch.epoch);
                let sealed = self.sealed(&place, &batch.data)?;
                (place, batch.last, sealed)
            }
            None => (events(at, 0), 0, Vec::new()),
        };
        let keys = [&list.generation, &list.token, &list.last, &list.lease, &list.failure, &list.snapshot, &events];
        let most = u64::try_from(MOST_BATCHES).unwrap_or(u64::MAX);
        let arguments: [&dyn Argument; 10] = [
            &lease.generation,
            &lease.token,
            &lease_text(lease),
            &millis(keep),
            &snapshot,
            &number,
            &batch,
            &most,
            &channel(),
            &text(at.list),
        ];
        self.invoke("publish", &scripts::PUBLISH, &keys, &arguments).await
    }

    async fn fail(&self, at: &ListLocation, lease: Lease, failed: FailureReport) -> Result<()> {
        let list = ListKeys::of(at);
        let FailureReport { failure, pause, last } = failed;
        let place = format!("{}|{}", list.failure, lease.generation);
        let failure = failure.map_or(Ok(Vec::new()), |failure| self.sealed(&place, &failure))?;
        let keys = [&list.generation, &list.token, &list.last, &list.lease, &list.failure, &list.snapshot];
        let arguments: [&dyn Argument; 8] = [
            &lease.generation,
            &lease.token,
            &lease_text(lease),
            &millis(pause),
            &failure,
            &u64::from(last == LastSnapshot::Goes),
            &channel(),
            &text(at.list),
        ];
        self.invoke("fail", &scripts::FAIL, &keys, &arguments).await
    }

    async fn change(&self, company: StoreKey, at_least: u64) -> Result<u64> {
        let arguments: [&dyn Argument; 5] = [&at_least, &1, &millis(GENERATIONS_KEPT), &channel(), &text(company)];
        self.invoke("change", &scripts::CHANGE, &[&generation(company)], &arguments).await
    }

    async fn remind(&self, company: StoreKey, least: u64) -> Result<()> {
        let arguments: [&dyn Argument; 5] = [&least, &0, &millis(GENERATIONS_KEPT), &channel(), &text(company)];
        self.invoke::<u64>("remind", &scripts::CHANGE, &[&generation(company)], &arguments).await.map(drop)
    }

    async fn claim(&self, name: StoreKey, value: &[u8], hold: Duration, keep: Duration) -> Result<ClaimOutcome> {
        let [record, holder] = record(name);
        let stamp = self.sealed(&record, value)?;
        let arguments: [&dyn Argument; 3] = [&stamp, &millis(hold), &millis(keep)];
        let found: Option<(Vec<u8>, bool)> =
            self.invoke("claim", &scripts::CLAIM, &[&record, &holder], &arguments).await?;
        Ok(match found {
            None => ClaimOutcome::Ours(stamp),
            Some((stamp, is_held)) => {
                let value = self.keys.open(&record, &stamp);
                ClaimOutcome::Theirs(ClaimedRecord { stamp, value, is_held })
            }
        })
    }

    async fn take_over(
        &self,
        name: StoreKey,
        stamp: &[u8],
        value: &[u8],
        hold: Duration,
        keep: Duration,
    ) -> Result<Option<Vec<u8>>> {
        let [record, holder] = record(name);
        let sealed = self.sealed(&record, value)?;
        let arguments: [&dyn Argument; 4] = [&stamp, &sealed, &millis(hold), &millis(keep)];
        let taken: bool = self.invoke("take_over", &scripts::TAKE_OVER, &[&record, &holder], &arguments).await?;
        Ok(taken.then_some(sealed))
    }

    async fn hold(&self, name: StoreKey, hold: Duration) -> Result<()> {
        let [_, holder] = record(name);
        self.ask("hold", &command("PEXPIRE", &[holder, millis(hold).to_string()])).await
    }

    async fn settle(&self, name: StoreKey, stamp: &[u8], value: Option<&[u8]>, keep: Duration) -> Result<()> {
        let [record, holder] = record(name);
        let value = value.map_or(Ok(Vec::new()), |value| self.sealed(&record, value))?;
        let arguments: [&dyn Argument; 3] = [&stamp, &value, &millis(keep)];
        self.invoke("settle", &scripts::SETTLE, &[&record, &holder], &arguments).await
    }

    async fn put(&self, name: StoreKey, value: &[u8], keep: Duration) -> Result<()> {
        let place = memory(name);
        let mut put = Cmd::new();
        put.arg("SET").arg(&place).arg(self.sealed(&place, value)?).arg("PX").arg(millis(keep));
        self.ask("put", &put).await
    }

    async fn get(&self, names: &[StoreKey]) -> Result<Vec<Option<Vec<u8>>>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<_> = names.iter().map(|name| memory(*name)).collect();
        let values: Vec<Option<Vec<u8>>> = self.ask("get", &command("MGET", &places)).await?;
        let open = |(place, value): (&String, Option<Vec<u8>>)| self.keys.open(place, &value?);
        Ok(places.iter().zip(values).map(open).collect())
    }

    async fn is_first(&self, name: StoreKey, keep: Duration) -> Result<bool> {
        let mut set = Cmd::new();
        set.arg("SET").arg(memory(name)).arg("1").arg("NX").arg("PX").arg(millis(keep));
        let done: Option<String> = self.ask("is_first", &set).await?;
        Ok(done.is_some())
    }
}
