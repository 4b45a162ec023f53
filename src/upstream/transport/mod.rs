//! HTTP transport: sends one request to IPS and reads the answer within limits.

mod clients;
mod exchange;

use std::io;
use std::sync::Arc;

use async_compression::tokio::bufread::GzipDecoder;
use bytes::{BufMut, Bytes};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::io::StreamReader;

use self::clients::Clients;
pub use self::clients::install_tls_provider;
pub(super) use self::exchange::{Documented, ErasedReply, Exchange};
use super::classify::{self, AttemptError, NoLargeAnswerPermit, TooLarge};
use super::config::ClientConfig;
use super::telemetry;
use crate::runtime::futures::join;
use crate::telemetry::metrics::names;

/// Size in bytes from which an answer counts as large: it needs a permit to grow further, and is parsed on the blocking pool.
const LARGE_ANSWER: usize = 256 << 10;
/// Maximum number of large answers that are read or parsed at the same time. Together they hold at most this many times the limit of
/// one answer.
const MAX_LARGE_ANSWERS: usize = 2;
/// Initial capacity of a buffer, in bytes, for an answer whose length is not known.
const INITIAL_BUFFER: usize = 16 << 10;
/// Maximum initial capacity of a buffer, in bytes.
const MAX_INITIAL_BUFFER: usize = 4 << 20;

/// HTTP transport of SOAP requests.
#[derive(Debug)]
pub(super) struct Transport {
    config: Arc<ClientConfig>,
    clients: Clients,
    large_answers: Arc<Semaphore>,
}

/// Body of an answer, decompressed; a large one with its permit.
struct AnswerBody {
    bytes: Vec<u8>,
    permit: Option<LargeAnswerPermit>,
}

/// Permit of a large answer, and its memory in the metrics.
struct LargeAnswerPermit {
    _permit: OwnedSemaphorePermit,
    bytes: usize,
}

impl LargeAnswerPermit {
    fn new(permit: OwnedSemaphorePermit, bytes: usize) -> Self {
        large_answers_gauge().increment(bytes as f64);
        metrics::gauge!(names::TABLE_LIMIT_BYTES, "table" => "large_answers").set((MAX_LARGE_ANSWERS * bytes) as f64);
        Self { _permit: permit, bytes }
    }
}

impl Drop for LargeAnswerPermit {
    fn drop(&mut self) {
        large_answers_gauge().decrement(self.bytes as f64);
    }
}

fn large_answers_gauge() -> metrics::Gauge {
    metrics::gauge!(names::TABLE_BYTES, "table" => "large_answers")
}

impl Transport {
    /// Creates the HTTP clients; connects to nothing.
    ///
    /// # Errors
    /// The certificate authorities can't be read, or TLS can't be set up.
    pub(super) fn new(config: Arc<ClientConfig>) -> Result<Self, reqwest::Error> {
        let clients = Clients::new(Arc::clone(&config))?;
        Ok(Self { config, clients, large_answers: Arc::new(Semaphore::new(MAX_LARGE_ANSWERS)) })
    }

    /// Sends a request once and reads the answer. A large answer waits for its permit until `deadline`, or the maximum queue time if that
    /// ends earlier.
    ///
    /// # Errors
    /// No answer, one that is not a SOAP envelope with the expected content, or a large one without a permit.
    pub(super) async fn send(
        &self,
        exchange: Exchange,
        body: Bytes,
        deadline: Instant,
    ) -> Result<ErasedReply, AttemptError> {
        let response = self
            .clients
            .of(exchange.operation.effect)
            .post(self.config.url.clone())
            .header(CONTENT_TYPE, "text/xml; charset=UTF-8")
            .header(ACCEPT_ENCODING, "gzip")
            .header("SOAPAction", exchange.operation.name)
            .headers(telemetry::trace_headers())
            .body(body)
            .send()
            .await
            .map_err(classify::request_error)?;
        if let Some(time) = header(response.headers(), DATE.as_str()).and_then(http_date) {
            self.config.clock.set_server_time(time);
        }
        let status = response.status();
        if status.is_redirection() {
            return Err(classify::malformed(status, "a redirect, which the gateway does not follow"));
        }
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).map(str::to_owned);
        let body = self.read_body(response, deadline).await?;
        parse(exchange, body, status, content_type).await
    }

    /// Reads a body and decompresses it on the way. The limit holds before and after decompression.
    async fn read_body(&self, response: Response, deadline: Instant) -> Result<AnswerBody, AttemptError> {
        let (status, limit) = (response.status(), self.config.max_answer_bytes);
        let declared = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if declared.is_some_and(|length| length > limit) {
            return Err(classify::too_large(limit));
        }
        let encoding = header(response.headers(), CONTENT_ENCODING.as_str()).unwrap_or("identity").to_ascii_lowercase();
        let mut received = 0;
        let limited = response.bytes_stream().map_err(io::Error::other).map(move |chunk| {
            let chunk = chunk?;
            received += chunk.len();
            if received > limit { Err(io::Error::other(TooLarge)) } else { Ok(chunk) }
        });
        let raw = StreamReader::new(Box::pin(limited));
        let body = match encoding.trim() {
            "identity" => self.read_to_end(raw, declared, deadline).await,
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(raw);
                decoder.multiple_members(true);
                self.read_to_end(decoder, None, deadline).await
            }
            other => {
                return Err(classify::malformed(
                    status,
                    format_args!("an answer with the Content-Encoding {other:?}, which the gateway did not ask for"),
                ));
            }
        };
        body.map_err(|error| classify::body_error(error, status, limit))
    }

    /// Reads a body; `declared` is its length in bytes as far as the server tells.
    async fn read_to_end(
        &self,
        mut reader: impl AsyncRead + Unpin,
        declared: Option<usize>,
        deadline: Instant,
    ) -> io::Result<AnswerBody> {
        let limit = self.config.max_answer_bytes;
        // One byte more, so that the end of the body is found without a larger buffer.
        let max_capacity = declared.unwrap_or(limit) + 1;
        let mut permit = None;
        // An answer whose length is known gets its final buffer: pages that are never touched take no memory.
        let capacity = declared.map_or(INITIAL_BUFFER, |_| max_capacity.min(MAX_INITIAL_BUFFER));
        let mut bytes = Vec::with_capacity(capacity.min(limit + 1));
        loop {
            if bytes.len() >= LARGE_ANSWER && permit.is_none() {
                permit = Some(self.large_answer_permit(deadline).await?);
            }
            if bytes.len() == bytes.capacity() {
                // A large buffer gets its final capacity at once: doubling would hold it twice for a moment.
                let capacity = if permit.is_some() { max_capacity.max(bytes.len() + 1) } else { bytes.len() * 2 };
                let capacity = capacity.min(limit + 1);
                bytes.reserve_exact(capacity - bytes.len());
            }
            let end = if permit.is_some() { bytes.len() + LARGE_ANSWER } else { LARGE_ANSWER };
            let next = end.min(bytes.capacity()) - bytes.len();
            if reader.read_buf(&mut (&mut bytes).limit(next)).await? == 0 {
                return Ok(AnswerBody { bytes, permit });
            }
            if bytes.len() > limit {
                return Err(io::Error::other(TooLarge));
            }
        }
    }

    /// Waits for the permit of a large answer. An answer that does not get one in time is not a failure of IPS.
    async fn large_answer_permit(&self, deadline: Instant) -> io::Result<LargeAnswerPermit> {
        let max_queue_time = self.config.max_queue_time;
        let until = deadline.min(Instant::now() + max_queue_time);
        match tokio::time::timeout_at(until, Arc::clone(&self.large_answers).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(LargeAnswerPermit::new(permit, self.config.max_answer_bytes)),
            Ok(Err(_)) | Err(_) => Err(io::Error::other(NoLargeAnswerPermit { retry_after: max_queue_time })),
        }
    }
}

/// Parses an answer; a large one on the blocking pool, where it delays no other request.
async fn parse(
    exchange: Exchange,
    body: AnswerBody,
    status: StatusCode,
    content_type: Option<String>,
) -> Result<ErasedReply, AttemptError> {
    let AnswerBody { bytes, permit } = body;
    let read = move |bytes: &[u8]| {
        let content_type = content_type.as_deref();
        (exchange.read)(bytes, content_type).map_err(|error| classify::unreadable(status, content_type, bytes, &error))
    };
    if permit.is_none() {
        return read(&bytes);
    }
    let parse = move || {
        let reply = read(&bytes);
        // The permit lasts as long as the bytes, even when the caller has gone.
        drop((bytes, permit));
        reply
    };
    let reply = join(tokio::task::spawn_blocking(parse)).await;
    reply.unwrap_or_else(|| Err(classify::malformed(status, "not read, because the gateway is shutting down")))
}

/// Parses a date of HTTP (RFC 9110 §5.6.7) in the form that every server sends.
fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value).ok().map(|time| time.to_utc())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::*;
    use crate::ips::types::ApiVersion;
    use crate::runtime::clock::Clock;
    use crate::runtime::timing::Timing;
    use crate::upstream::error::{Delivery, Failure};

    fn transport(max_queue_time: Duration) -> Transport {
        let config = ClientConfig {
            url: "http://127.0.0.1:1/".parse().expect("a URL"),
            version: ApiVersion::default(),
            authorities: Vec::new(),
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(3),
            read_retry: Timing::default().read_retry,
            max_calls: 1,
            max_queue_time,
            min_failures: NonZeroU32::new(5),
            max_answer_bytes: 4 * LARGE_ANSWER,
            app_name: "test".into(),
            app_version: "1".into(),
            clock: Clock::system(),
        };
        Transport::new(Arc::new(config)).expect("a client")
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_answer_without_a_permit_is_shed_and_does_not_count_as_a_failure_of_ips() {
        let transport = transport(Duration::from_secs(2));
        let answer = vec![b'x'; 2 * LARGE_ANSWER];
        let deadline = Instant::now() + Duration::from_secs(15);
        let read = |length| transport.read_to_end(&answer[..length], Some(length), deadline);
        let held = [read(answer.len()).await, read(answer.len()).await];
        assert!(held.iter().all(Result::is_ok), "two permits");
        assert!(read(1_000).await.is_ok(), "a small answer needs none");
        let began = Instant::now();
        let error = read(answer.len()).await.err().expect("no permit");
        assert_eq!(began.elapsed().as_secs(), 2, "the maximum queue time");
        let error = classify::body_error(error, StatusCode::OK, answer.len());
        assert!(matches!(error.failure, Failure::Overloaded { .. }), "{error:?}");
        assert_eq!((error.delivery, error.counted_by), (Delivery::Unknown, None));
        drop(held);
        assert!(read(answer.len()).await.is_ok(), "the permits are free again");
    }
}
