//! A connection as the requests on it see it: whether one is being answered, and what a client is told whose connection ends.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{Error, HttpMessage};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::{TaskTracker, TaskTrackerToken};

use super::middleware::FOR_BROWSERS;
use super::problem::Problem;
use super::trail::unread;
use super::{Api, Stage};

/// Answers leave in pieces of this many bytes: what a client doesn't read stays where it is, shared, and is not copied for it. A head
/// and a piece fit into a buffer of 16 KiB. Each piece is a write of its own: smaller ones make answers slower.
const PIECE: usize = 15 * 1024;

/// Whether anything has come after the request that is being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// It waits for its turn.
    Here,
    /// Nothing has.
    ToCome,
}

/// What the socket of a connection and the requests on it know of each other. Both are on the one thread that serves the connection.
pub struct Connection {
    attended: Cell<bool>,
    requests: Cell<u64>,
    /// There will be no other request.
    over: Cell<bool>,
    more: Cell<More>,
    idle_since: Cell<Instant>,
    reader: RefCell<Option<Waker>>,
    closing: CancellationToken,
    under_way: TaskTracker,
}

impl Connection {
    /// A connection that was opened just now. It ends after the request under way once `closing` is cancelled; `under_way` counts the
    /// requests that are being answered.
    #[must_use]
    pub fn open(closing: CancellationToken, under_way: TaskTracker) -> Rc<Self> {
        Rc::new(Self {
            attended: Cell::new(false),
            requests: Cell::new(0),
            over: Cell::new(false),
            more: Cell::new(More::ToCome),
            idle_since: Cell::new(Instant::now()),
            reader: RefCell::new(None),
            closing,
            under_way,
        })
    }

    /// Whether a request is being answered.
    pub fn is_attended(&self) -> bool {
        self.attended.get()
    }

    /// How many requests came.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// When the last answer was made, or the connection opened.
    pub fn idle_since(&self) -> Instant {
        self.idle_since.get()
    }

    /// Whether its last answer was made: the client was told so.
    pub fn is_over(&self) -> bool {
        self.over.get() && !self.is_attended()
    }

    /// Its last request has come.
    pub fn end_after_this(&self) {
        self.over.set(true);
    }

    /// Who is woken when an answer is made on a connection that is to end, or on which more has come already.
    pub fn wake_when_idle(&self, reader: &Waker, more: More) {
        self.more.set(more);
        let mut known = self.reader.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(reader)) {
            *known = Some(reader.clone());
        }
    }

    fn attend(connection: &Rc<Self>) -> Attendance {
        connection.attended.set(true);
        connection.requests.set(connection.requests.get() + 1);
        Attendance { _under_way: connection.under_way.token(), connection: Rc::clone(connection) }
    }
}

/// A request is being answered, until this is dropped.
struct Attendance {
    connection: Rc<Connection>,
    _under_way: TaskTrackerToken,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.connection.attended.set(false);
        self.connection.idle_since.set(Instant::now());
        let has_more = self.connection.more.get() == More::Here;
        if (has_more || self.connection.over.get() || self.connection.closing.is_cancelled())
            && let Some(reader) = self.connection.reader.borrow_mut().take()
        {
            reader.wake();
        }
    }
}

/// Lets the connection know that a request is being answered, until the last byte of its answer was made.
///
/// # Errors
/// Those of the service.
pub async fn attend(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let attendance = request.conn_data::<Rc<Connection>>().map(Connection::attend);
    if attendance.as_ref().is_some_and(|attendance| !attendance.connection.over.get()) {
        gather(&mut request).await;
    }
    let stage = request.app_data::<Data<Api>>().map(|api| api.stage.clone());
    let mut response = next.call(request).await?;
    // Clients and proxies are to open their next connection somewhere else.
    let turned_away = stage.is_some_and(|stage| *stage.borrow() != Stage::Serving);
    let is_last = attendance.as_ref().is_some_and(|attendance| attendance.connection.over.get());
    if turned_away || is_last || response.status() == StatusCode::REQUEST_TIMEOUT {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        if let Some(attendance) = &attendance {
            attendance.connection.end_after_this();
        }
    }
    Ok(response.map_body(|_, body| Answer::of(body, attendance)))
}

/// Takes the whole body of a request, which has come, so that it is out of the way of the next one even if nobody wants it.
async fn gather(request: &mut ServiceRequest) {
    let (mut payload, mut whole) = (request.take_payload(), BytesMut::new());
    while let Some(chunk) = payload.next().await {
        match chunk {
            Ok(chunk) => whole.extend_from_slice(&chunk),
            Err(_) => return,
        }
    }
    if !whole.is_empty() {
        request.set_payload(whole.freeze().into());
    }
}

/// The body of an answer. A panic in it ends the connection as any error does.
struct Answer {
    content: Content,
    size: BodySize,
    _attendance: Option<Attendance>,
}

enum Content {
    Whole(Bytes),
    Stream(BoxBody),
}

impl Answer {
    fn of(body: impl MessageBody + 'static, attendance: Option<Attendance>) -> Self {
        let size = body.size();
        let content = body.try_into_bytes().map_or_else(|body| Content::Stream(body.boxed()), Content::Whole);
        Self { content, size, _attendance: attendance }
    }
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match &mut self.content {
            Content::Whole(rest) if rest.is_empty() => Poll::Ready(None),
            Content::Whole(rest) => Poll::Ready(Some(Ok(rest.split_to(rest.len().min(PIECE))))),
            Content::Stream(body) => catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_next(context)))
                .unwrap_or_else(|_: Box<dyn Any + Send>| Poll::Ready(Some(Err("a panic in the body".into())))),
        }
    }
}

/// Why a connection ends before there was a request that could be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The head didn't come in time.
    SlowHead,
    /// The body didn't come in time.
    SlowBody,
    /// The head is too large, or has too many fields.
    LargeHead,
    /// The head is none of HTTP/1.1.
    MalformedHead,
}

impl Refusal {
    /// What the server library means that ends a connection with this answer.
    #[must_use]
    pub fn meant_by(answer: &[u8]) -> Self {
        if answer.starts_with(b"HTTP/1.1 431") { Self::LargeHead } else { Self::MalformedHead }
    }
}

/// The answer to a client whose request never got as far as the routes: a whole HTTP message, after which the connection ends. It leaves
/// what every answer leaves behind, as if the request had come at `began`.
#[must_use]
pub fn last_words(refusal: Refusal, prefix: &str, began: Instant) -> Vec<u8> {
    let (status, problem) = match refusal {
        Refusal::SlowHead => {
            (StatusCode::REQUEST_TIMEOUT, Problem::request_timeout("the head of the request took too long"))
        }
        Refusal::SlowBody => {
            (StatusCode::REQUEST_TIMEOUT, Problem::request_timeout("the body took too long").of_change())
        }
        Refusal::LargeHead => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Problem::headers_too_large()),
        Refusal::MalformedHead => {
            (StatusCode::BAD_REQUEST, Problem::bad_request("the head of the request is not one of HTTP/1.1"))
        }
    };
    let request_id = unread(status, began);
    let body = serde_json::to_string(&problem.document(request_id.as_str(), prefix)).unwrap_or_default();
    let for_browsers =
        FOR_BROWSERS.iter().fold(String::new(), |lines, (name, value)| format!("{lines}{name}: {value}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         {for_browsers}x-request-id: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
        request_id.as_str(),
    )
    .into_bytes()
}

/// Turns a panic of a handler into a problem. To be wrapped around resources, where the request may be kept: routing is over.
///
/// # Errors
/// Those of the service.
pub async fn survive(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    use futures_util::FutureExt;
    let kept = request.request().clone();
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(result) => result.map(ServiceResponse::map_into_boxed_body),
        Err(_) => Ok(ServiceResponse::from_err(Problem::internal("a panic ended the work on this request"), kept)),
    }
}

/// The largest head of a request, in bytes, and the longest path and query.
pub const LARGEST_HEAD: usize = 32 * 1024;
const LONGEST_TARGET: usize = 8 * 1024;

/// Refuses requests whose head is too large for what this API needs.
///
/// # Errors
/// Those of the service.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let refused = match (target, headers) {
        (LONGEST_TARGET.., _) => Some(Problem::target_too_long(LONGEST_TARGET)),
        (_, LARGEST_HEAD..) => Some(Problem::headers_too_large()),
        _ => None,
    };
    match refused {
        Some(problem) => Ok(request.error_response(problem)),
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
}
