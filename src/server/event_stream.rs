//! Event streams: responses that mostly wait.
//!
//! Their bodies are written to the socket here. actix's dispatcher, whose buffers and state take 11 kB of each connection, ends with the head of
//! such a response; another one serves the connection after the body.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use actix_http::body::MessageBody;
use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::connection::{DetachedBody, Framing};
use super::timeout_io::TimeoutIo;

/// Minimum size in bytes of a chunk that is written to the socket from where it is. Smaller ones are copied between their delimiters.
const MIN_DIRECT_BYTES: usize = 8 * 1024;

/// Writes the body of the event stream whose head was sent, until it ends. Then the request is answered.
///
/// # Errors
/// The body failed, the client disconnected, or it reads too slowly.
pub async fn send(io: &mut TimeoutIo, mut body: DetachedBody) -> io::Result<()> {
    while let Some(chunk) = next_chunk(io, &mut body).await? {
        match body.framing {
            Framing::Chunked => send_chunk(io, chunk).await?,
            Framing::UntilClose => send_direct(io, &[], chunk).await?,
        }
    }
    if let Framing::Chunked = body.framing {
        io.write_all(b"0\r\n\r\n").await?;
    }
    // The request is in flight until then.
    drop(body);
    io.flush().await
}

/// Waits for the next chunk that is not empty; `None` after the last one.
async fn next_chunk(io: &mut TimeoutIo, body: &mut DetachedBody) -> io::Result<Option<Bytes>> {
    loop {
        let next = poll_fn(|context| {
            if let Poll::Ready(error) = io.poll_disconnect(context) {
                return Poll::Ready(Err(error));
            }
            let chunk = Pin::new(&mut body.content).poll_next(context);
            chunk.map(|chunk| chunk.transpose().map_err(|error| io::Error::other(error.to_string())))
        });
        match next.await? {
            // An empty chunk would end the body.
            Some(chunk) if chunk.is_empty() => {}
            next => return Ok(next),
        }
    }
}

/// Sends a chunk with its delimiters (RFC 9112 §7.1).
async fn send_chunk(io: &mut TimeoutIo, chunk: Bytes) -> io::Result<()> {
    let size = format!("{:x}\r\n", chunk.len());
    if chunk.len() < MIN_DIRECT_BYTES {
        io.write_all(&[size.as_bytes(), &chunk, b"\r\n"].concat()).await?;
        return io.flush().await;
    }
    send_direct(io, size.as_bytes(), chunk).await?;
    io.write_all(b"\r\n").await?;
    io.flush().await
}

/// Sends `prefix` and a chunk without a copy of it.
async fn send_direct(io: &mut TimeoutIo, prefix: &[u8], chunk: Bytes) -> io::Result<()> {
    io.connection().io.set_body(chunk, None);
    io.write_all(prefix).await?;
    io.flush().await
}
