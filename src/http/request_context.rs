//! Request context: the request id and what error responses depend on, as a task-local of the request.

use std::cell::OnceCell;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::http::{Method, Uri};

use crate::telemetry::audit::AuditRecord;

/// Header with the request id, of requests and responses.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a request id that a client sends.
const MAX_REQUEST_ID_LENGTH: usize = 128;

tokio::task_local! {
    /// Context of the request that the current task handles.
    static CURRENT: Rc<RequestContext>;
}

/// Request id: identifies a request in logs, problem documents and `X-Request-Id`.
#[derive(Debug, Clone)]
pub struct RequestId(Rc<str>);

impl RequestId {
    /// Generates an id: 16 hexadecimal digits, a hash of a counter under a random key of the process.
    pub fn generate() -> Self {
        static SOURCE: LazyLock<(RandomState, AtomicU64)> = LazyLock::new(Default::default);
        let (key, counter) = &*SOURCE;
        Self(format!("{:016x}", key.hash_one(counter.fetch_add(1, Ordering::Relaxed))).into())
    }

    /// Returns the id in examples of the documentation.
    pub fn example() -> Self {
        Self("e5209ba176ea076b".into())
    }

    /// Returns the client's `X-Request-Id` if it has 1 to 128 characters of `A-Z a-z 0-9 - _ .`, else a generated id.
    pub fn of(headers: &HeaderMap) -> Self {
        let is_valid = |text: &&str| {
            (1..=MAX_REQUEST_ID_LENGTH).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let sent = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_valid);
        sent.map_or_else(Self::generate, |id| Self(id.into()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Request id, and what the error response to a request depends on.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Request id.
    pub request_id: RequestId,
    /// Method; problems of unsafe methods have the member `outcome`.
    pub method: Method,
    /// Path prefix of the gateway: empty, or `/` and segments.
    pub path_prefix: Arc<str>,
    /// Target of the request; `/` if it could not be parsed.
    pub target: Uri,
    /// `WWW-Authenticate` of responses with status 401.
    pub challenge: Option<&'static str>,
    /// Name of the principal, once the request is authenticated.
    pub principal: PrincipalCell,
    /// Record of a request that changes jobs, if there is an audit log.
    pub audit: Option<AuditRecord>,
}

/// Name of the principal of a request; clones share it.
#[derive(Debug, Clone, Default)]
pub struct PrincipalCell(Rc<OnceCell<Arc<str>>>);

impl PrincipalCell {
    /// Sets the name, if it is not set.
    pub fn set(&self, name: &Arc<str>) {
        // The first one stays.
        let _ = self.0.set(Arc::clone(name));
    }

    /// Returns the name; `None` if the request is not authenticated.
    pub fn get(&self) -> Option<Arc<str>> {
        self.0.get().cloned()
    }
}

impl RequestContext {
    /// Returns the context of no request: that of a GET request with a generated id, without path prefix and challenge.
    pub fn outside_request() -> Self {
        Self {
            request_id: RequestId::generate(),
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
