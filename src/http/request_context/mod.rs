//! Request context: the request id, the principal and what error responses depend on, as a task-local of the request.

mod principal;
mod role;

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use tokio::time::Instant;

pub use self::principal::{Principal, PrincipalCell};
pub use self::role::Role;
use crate::telemetry::audit::AuditRecord;

/// Header with the request id, of requests and responses.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Digits of generated request ids.
const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Maximum length of a request id that a client sends.
const MAX_REQUEST_ID_LENGTH: usize = 128;

tokio::task_local! {
    /// Context of the request that the current task handles.
    static CURRENT: Rc<RequestContext>;
}

/// Request id: identifies a request in logs, problem documents and `X-Request-Id`.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Generates an id: 16 hexadecimal digits, a hash of a counter under a random key of the process.
    ///
    /// # Panics
    /// Never: digits are valid in a header.
    pub fn generate() -> Self {
        static SOURCE: LazyLock<(RandomState, AtomicU64)> = LazyLock::new(Default::default);
        let (key, counter) = &*SOURCE;
        let number = key.hash_one(counter.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
        let mut digits = [0; 16];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(number) {
            pair.copy_from_slice(&[HEX_DIGITS[usize::from(byte >> 4)], HEX_DIGITS[usize::from(byte & 0xf)]]);
        }
        Self(HeaderValue::from_bytes(&digits).expect("digits are valid in a header"))
    }

    /// Returns the id in examples of the documentation.
    pub fn example() -> Self {
        Self(const { HeaderValue::from_static("e5209ba176ea076b") })
    }

    /// Returns the client's `X-Request-Id` if it has 1 to 128 characters of `A-Z a-z 0-9 - _ .`, else a generated id.
    pub fn of(headers: &HeaderMap) -> Self {
        let is_valid = |id: &&HeaderValue| {
            (1..=MAX_REQUEST_ID_LENGTH).contains(&id.len())
                && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        };
        headers.get(X_REQUEST_ID).filter(is_valid).map_or_else(Self::generate, |id| Self(id.clone()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Returns the id as the value of `X-Request-Id`.
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Request id, and what the error response to a request depends on.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Request id.
    pub request_id: RequestId,
    /// Time at which its head was complete.
    pub received: Instant,
    /// Method; problems of unsafe methods have the member `outcome`.
    pub method: Method,
    /// Path prefix of the gateway: empty, or `/` and segments.
    pub path_prefix: Arc<str>,
    /// Target of the request; `/` if it could not be parsed.
    pub target: Uri,
    /// `WWW-Authenticate` of responses with status 401.
    pub challenge: Option<&'static str>,
    /// Principal, once the request is authenticated.
    pub principal: PrincipalCell,
    /// Record of a request that changes jobs, if there is an audit log.
    pub audit: Option<AuditRecord>,
}

impl RequestContext {
    /// Returns the context of no request: that of a GET request with a generated id, without path prefix and challenge.
    pub fn outside_request() -> Self {
        Self {
            request_id: RequestId::generate(),
            received: Instant::now(),
            method: Method::GET,
            path_prefix: "".into(),
            target: Uri::default(),
            challenge: None,
            principal: PrincipalCell::default(),
            audit: None,
        }
    }

    /// Returns the context of the request that the current task handles. Outside of [`RequestContext::scope`] it is
    /// [`RequestContext::outside_request`].
    pub fn current() -> Rc<Self> {
        CURRENT.try_with(Rc::clone).unwrap_or_else(|_| Rc::new(Self::outside_request()))
    }

    /// Returns a reference to `path`, which is below the path prefix and has no leading `/`, relative to the target of the request: a proxy
    /// may have removed a prefix of its own from the target, which the client resolves the reference against.
    pub fn relative_reference(&self, path: &str) -> String {
        let target = self.target.path();
        let below_prefix = target.strip_prefix(&*self.path_prefix).and_then(|rest| rest.strip_prefix('/'));
        match below_prefix {
            Some(rest) => format!("{}{path}", "../".repeat(rest.matches('/').count())),
            None => format!("{}/{path}", self.path_prefix),
        }
    }

    /// Runs `handling` with this as the current context.
    pub async fn scope<F: Future>(self: Rc<Self>, handling: F) -> F::Output {
        CURRENT.scope(self, handling).await
    }
}
