//! Rate limit middleware: a token bucket for each caller.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use governor::Quota;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use moka::sync::Cache;

use crate::config::RateLimits;
use crate::http::auth::{Authenticator, CallerIdentity};
use crate::http::problem::Problem;

/// Header fields of draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Paths without a rate limit, behind the path prefix: probes and scrapers call them, and they never call IPS.
const EXEMPT_PATHS: [&str; 3] = ["/livez", "/readyz", "/metrics"];
/// Maximum number of buckets; beyond that, rarely used ones are evicted.
const MAX_BUCKETS: u64 = 100_000;
/// Minimum time that an unused bucket is kept: credentials that were not used for this long count as new.
const MIN_IDLE_TIME: Duration = Duration::from_mins(10);

/// Token bucket of the requests with one key.
type TokenBucket = governor::RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Rate-limit key: requests with equal keys share a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum RateLimitKey {
    /// Authenticated caller.
    Caller(CallerIdentity),
    /// Address of requests without valid credentials.
    Unauthenticated(Option<IpAddr>),
    /// Address of requests with IPS credentials that have no bucket yet.
    NewCredentials(Option<IpAddr>),
}

/// Rate limiter of requests.
pub struct RateLimiter {
    quota: Quota,
    buckets: Cache<RateLimitKey, Arc<TokenBucket>>,
    exempt_paths: [String; 3],
    authenticator: Arc<Authenticator>,
}

impl RateLimiter {
    /// Creates a limiter that counts requests by their principal, or by their address if `authenticator` finds none. `None` if the limits
    /// include no rate.
    #[must_use]
    pub fn new(limits: RateLimits, path_prefix: &str, authenticator: Arc<Authenticator>) -> Option<Self> {
        let quota = Quota::per_second(limits.rate?).allow_burst(limits.burst);
        // An idle bucket is full by then, so that removing it changes nothing.
        let idle_time = MIN_IDLE_TIME.max(quota.burst_size_replenished_in() + Duration::from_secs(1));
        let buckets = Cache::builder().max_capacity(MAX_BUCKETS).time_to_idle(idle_time).build();
        let exempt_paths = EXEMPT_PATHS.map(|path| format!("{path_prefix}{path}"));
        Some(Self { quota, buckets, exempt_paths, authenticator })
    }

    /// Whether requests of this path are not limited.
    fn is_exempt(&self, path: &str) -> bool {
        self.exempt_paths.iter().any(|exempt| exempt == path)
    }

    /// Takes a token for a request. A client can invent other credentials for each request: credentials without a bucket also need a token
    /// of the bucket that all new credentials of the address share.
    fn decide(&self, request: &ServiceRequest) -> Decision {
        let address = request.peer_addr().map(|address| address.ip());
        let key = match self.authenticator.authenticate(request.request()) {
            Ok(principal) => RateLimitKey::Caller(CallerIdentity::from(&principal.caller)),
            Err(_) => RateLimitKey::Unauthenticated(address),
        };
        if let Some(bucket) = self.buckets.get(&key) {
            return take(&bucket);
        }
        if matches!(key, RateLimitKey::Caller(CallerIdentity::Credentials(_))) {
            let decision = take(&self.bucket(RateLimitKey::NewCredentials(address)));
            if decision.retry_after.is_some() {
                return decision;
            }
        }
        take(&self.bucket(key))
    }

    /// Returns the bucket of a key; a new one is full.
    fn bucket(&self, key: RateLimitKey) -> Arc<TokenBucket> {
        self.buckets.get_with(key, || {
            Arc::new(governor::RateLimiter::direct(self.quota).with_middleware::<StateInformationMiddleware>())
        })
    }

    /// Adds `RateLimit` and `RateLimit-Policy`.
    fn add_headers(&self, headers: &mut HeaderMap, remaining: u32) {
        let burst = self.quota.burst_size();
        let window = self.quota.burst_size_replenished_in().as_secs_f64().ceil();
        let used = f64::from(burst.get().saturating_sub(remaining));
        let reset = (self.quota.replenish_interval().as_secs_f64() * used).ceil();
        let fields = [
            (RATE_LIMIT_POLICY, format!("\"caller\";q={burst};w={window}")),
            (RATE_LIMIT, format!("\"caller\";r={remaining};t={reset}")),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Refuses requests beyond the rate limit with 429, and adds the rate limit headers to all responses. Without limiter there is no limit.
///
/// # Errors
/// Those of the service.
pub async fn limit_rate(
    limiter: Option<Arc<RateLimiter>>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(limiter) = limiter.filter(|limiter| !limiter.is_exempt(request.path())) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let Decision { remaining, retry_after } = limiter.decide(&request);
    let mut response = match retry_after {
        None => next.call(request).await?.map_into_boxed_body(),
        Some(wait) => request.error_response(Problem::too_many_requests("the caller exceeded its rate limit", wait)),
    };
    limiter.add_headers(response.headers_mut(), remaining);
    Ok(response)
}

/// Decision on a request.
struct Decision {
    /// Number of tokens left in the bucket.
    remaining: u32,
    /// Time until the bucket has a token again; `None` if the request got one.
    retry_after: Option<Duration>,
}

/// Takes a token of a bucket.
fn take(bucket: &TokenBucket) -> Decision {
    match bucket.check() {
        Ok(state) => Decision { remaining: state.remaining_burst_capacity(), retry_after: None },
        Err(not_until) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Decision { remaining: 0, retry_after: Some(wait) }
        }
    }
}
