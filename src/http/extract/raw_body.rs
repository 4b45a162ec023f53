//! Bytes of a request body: received and decompressed within the size limit, the body timeout and the memory budget of all bodies.

use std::io;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use async_compression::tokio::bufread::GzipDecoder;
use bytes::BufMut;
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::io::StreamReader;

use crate::config::MAX_BODY_BYTES;
use crate::http::AppState;
use crate::http::body_budget::Reservation;
use crate::http::problem::Problem;
use crate::telemetry::metrics::names;

/// Maximum number of bytes that are decompressed before the size limit and the memory budget are checked again.
const DECOMPRESSED_CHUNK_BYTES: usize = 16 * 1024;

/// Content coding of a body (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// Returns the content coding of a request with these headers.
    ///
    /// # Errors
    /// 415 for any other than gzip.
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut codings = headers.get_all(header::CONTENT_ENCODING);
        match (codings.next(), codings.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(coding), None) => match coding.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "identity" => Ok(Self::Identity),
                "gzip" | "x-gzip" => Ok(Self::Gzip),
                _ => Err(Problem::unsupported_content_encoding()),
            },
            (Some(_), Some(_)) => Err(Problem::unsupported_content_encoding()),
        }
    }
}

/// Error of a body that is larger than [`MAX_BODY_BYTES`] before decompression.
#[derive(Debug, thiserror::Error)]
#[error("the body is too large")]
struct BodyTooLarge;

/// Receives the body of a request. Its share of the memory budget is returned when the request ends.
///
/// # Errors
/// 413 beyond [`MAX_BODY_BYTES`], before or after decompression; 415 for an unsupported content coding; 408 at the body timeout; 503 if the
/// memory budget is exhausted; 400 if the body is incomplete or can't be decompressed.
pub(super) fn receive_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<impl Future<Output = Result<BytesMut, Problem>> + use<>, Problem> {
    let state = AppState::of(request)?;
    let coding = ContentCoding::of(request.headers())?;
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return Err(Problem::too_large(MAX_BODY_BYTES));
    }
    let reservation = Rc::new(state.body_budget.reservation());
    request.extensions_mut().insert(Rc::clone(&reservation));
    let mut received = 0;
    let chunks = payload.take().map_err(io::Error::other).map(move |chunk| {
        let chunk = chunk?;
        received += chunk.len();
        if received > MAX_BODY_BYTES { Err(io::Error::other(BodyTooLarge)) } else { Ok(chunk) }
    });
    let receive = async move {
        match coding {
            ContentCoding::Identity => read_plain(chunks, &reservation).await,
            ContentCoding::Gzip => read_gzip(chunks, &reservation).await,
        }
    };
    let timeout = tokio::time::timeout(state.settings.body_timeout, receive);
    Ok(async move {
        timeout.await.unwrap_or_else(|_| {
            metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => "slow_body").increment(1);
            Err(Problem::request_timeout("the body did not arrive in time"))
        })
    })
}

async fn read_plain(
    mut chunks: impl Stream<Item = io::Result<Bytes>> + Unpin,
    reservation: &Reservation,
) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| read_problem(&error))?;
        reservation.grow(chunk.len()).map_err(|_| Problem::overloaded())?;
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Decompresses a body. Each step reserves the memory for its output first, so that a small body can't decompress to more than is accounted.
async fn read_gzip(
    chunks: impl Stream<Item = io::Result<Bytes>> + Unpin,
    reservation: &Reservation,
) -> Result<BytesMut, Problem> {
    let mut decoder = GzipDecoder::new(StreamReader::new(chunks));
    decoder.multiple_members(true);
    let mut body = BytesMut::new();
    let mut reserved = 0;
    loop {
        if body.len() == reserved {
            let step = DECOMPRESSED_CHUNK_BYTES.min(MAX_BODY_BYTES - reserved);
            reservation.grow(step).map_err(|_| Problem::overloaded())?;
            body.reserve(step.max(1));
            reserved += step;
        }
        // Of a body of the maximum size, one more byte is read to find out whether it ends there.
        let free = (reserved - body.len()).max(1);
        let read = decoder.read_buf(&mut (&mut body).limit(free)).await.map_err(|error| read_problem(&error))?;
        if read == 0 {
            return Ok(body);
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::too_large(MAX_BODY_BYTES));
        }
    }
}

/// Returns the problem of a body that can't be read. The errors of actix and of the decoder contain no part of the body.
fn read_problem(error: &io::Error) -> Problem {
    if error.get_ref().and_then(|inner| inner.downcast_ref::<BodyTooLarge>()).is_some() {
        Problem::too_large(MAX_BODY_BYTES)
    } else {
        Problem::bad_request(format!("the body can't be read: {error}"))
    }
}
