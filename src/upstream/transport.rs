//! One exchange over HTTP: a request is sent, and its answer read within limits.

use std::io;
use std::sync::Arc;

use async_compression::tokio::bufread::GzipDecoder;
use bytes::{BufMut, Bytes};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Response};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;
use tokio_util::io::StreamReader;

use crate::ips::codec::ReadError;
use crate::ips::soap::{Reply, read_answer};
use crate::ips::types::{Effect, Operation};
use crate::upstream::classify;
use crate::upstream::classify::{Lost, TooLarge};
use crate::upstream::client::ClientConfig;
use crate::upstream::memory::{Memory, Room};
use crate::upstream::telemetry;

/// How long an idle connection is kept for the next reading call: less than servers usually keep theirs, because a call
/// on a connection that the other side is closing fails.
const IDLE: std::time::Duration = std::time::Duration::from_secs(4);
/// An answer may have so many headers; the library keeps their sum below 400 KiB.
const MOST_HEADERS: usize = 100;
/// From this size on an answer is parsed where that holds up no other request, in bytes.
const LARGE_ANSWER: usize = 256 << 10;
/// What a buffer grows by until it is large, at least, in bytes.
const FIRST_BUFFER: usize = 16 << 10;

/// Sends requests and reads answers.
#[derive(Debug)]
pub(super) struct Transport {
    config: Arc<ClientConfig>,
    /// For calls that change nothing: keeps connections.
    reads: Client,
    /// For calls that change something: each on a new connection, since a kept one may be closing, and a call that is
    /// lost on it can't be told from one that was processed.
    changes: Client,
    memory: Memory,
    /// How many large answers are parsed at once.
    parsers: Arc<Semaphore>,
}

impl Transport {
    /// Prepares clients; connects to nothing.
    pub(super) fn new(config: Arc<ClientConfig>) -> Result<Self, reqwest::Error> {
        let reads = builder(&config)?.pool_idle_timeout(IDLE).build()?;
        let changes = builder(&config)?.pool_max_idle_per_host(0).build()?;
        let memory = Memory::new(config.max_answer_bytes);
        let parsers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self { config, reads, changes, memory, parsers: Arc::new(Semaphore::new(parsers)) })
    }

    /// Sends a request, once, and reads the answer.
    pub(super) async fn run<T>(&self, body: Bytes) -> Result<Reply<T::Answer>, Lost>
    where
        T: Operation<Answer: 'static>,
    {
        let client = match T::EFFECT {
            Effect::Reads => &self.reads,
            Effect::Changes => &self.changes,
        };
        let response = client
            .post(self.config.url.clone())
            .header(CONTENT_TYPE, "text/xml; charset=UTF-8")
            .header(ACCEPT_ENCODING, "gzip")
            .header("SOAPAction", T::NAME)
            .headers(telemetry::headers())
            .body(body)
            .send()
            .await
            .map_err(classify::unsent_or_lost)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(classify::malformed(status, "it redirects elsewhere, which is not followed"));
        }
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).map(str::to_owned);
        let (body, room) = self.read_body(response).await?;
        self.parse::<T>(body, room, content_type).await.map_err(|error| classify::malformed(status, error))
    }

    /// Reads a body and decompresses it on the way, within the limit before and after that.
    async fn read_body(&self, response: Response) -> Result<(Vec<u8>, Room), Lost> {
        let (status, limit) = (response.status(), self.config.max_answer_bytes);
        let declared = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if declared.is_some_and(|length| length > limit) {
            return Err(classify::too_large(limit));
        }
        let encoding = header(response.headers(), CONTENT_ENCODING.as_str()).unwrap_or("identity").to_ascii_lowercase();
        let mut received = 0;
        let counted = response.bytes_stream().map_err(io::Error::other).map(move |chunk| {
            let chunk = chunk?;
            received += chunk.len();
            if received > limit { Err(io::Error::other(TooLarge)) } else { Ok(chunk) }
        });
        let raw = StreamReader::new(Box::pin(counted));
        let body = match encoding.trim() {
            "identity" => self.read_to_end(raw).await,
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(raw);
                decoder.multiple_members(true);
                self.read_to_end(decoder).await
            }
            other => return Err(classify::malformed(status, format_args!("has the Content-Encoding {other:?}"))),
        };
        body.map_err(|error| classify::cut(error, status, limit))
    }

    async fn read_to_end(&self, mut body: impl AsyncRead + Unpin) -> io::Result<(Vec<u8>, Room)> {
        let limit = self.config.max_answer_bytes;
        let mut room = self.memory.room();
        let mut bytes = Vec::with_capacity(FIRST_BUFFER.min(limit + 1));
        loop {
            if bytes.len() == bytes.capacity() {
                // Once it is large it gets all that it may need: growing would hold it twice for a moment. What it doesn't
                // touch costs nothing.
                let capacity = if bytes.len() < LARGE_ANSWER { (bytes.len() * 2).min(limit + 1) } else { limit + 1 };
                bytes.reserve_exact(capacity - bytes.len());
            }
            let next = (bytes.capacity() - bytes.len()).min(LARGE_ANSWER);
            room.make(bytes.len() + next).await;
            if body.read_buf(&mut (&mut bytes).limit(next)).await? == 0 {
                return Ok((bytes, room));
            }
            if bytes.len() > limit {
                return Err(io::Error::other(TooLarge));
            }
        }
    }

    async fn parse<T>(
        &self,
        body: Vec<u8>,
        room: Room,
        content_type: Option<String>,
    ) -> Result<Reply<T::Answer>, ReadError>
    where
        T: Operation<Answer: 'static>,
    {
        if body.len() < LARGE_ANSWER {
            return read_answer::<T>(&body, content_type.as_deref());
        }
        let turn = Arc::clone(&self.parsers).acquire_owned().await;
        let parse = move || {
            let reply = read_answer::<T>(&body, content_type.as_deref());
            // Held so long, even when nobody waits for the reply any more.
            drop((body, room, turn));
            reply
        };
        match tokio::task::spawn_blocking(parse).await {
            Ok(reply) => reply,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(ReadError { path: String::new(), reason: "the gateway is shutting down".into() }),
            },
        }
    }
}

fn builder(config: &ClientConfig) -> Result<ClientBuilder, reqwest::Error> {
    let authorities = config.authorities.iter().map(|pem| Certificate::from_pem_bundle(pem));
    let authorities = authorities.collect::<Result<Vec<_>, _>>()?.concat();
    Ok(Client::builder()
        .connect_timeout(config.connect_timeout)
        // A redirect would carry the password in the body to another host; so would a proxy of the environment.
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .http1_max_headers(MOST_HEADERS)
        .retry(reqwest::retry::never())
        .tls_certs_merge(authorities)
        .user_agent(format!("{}/{}", config.app_name, config.app_version)))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
