//! Rate limit of requests: a token bucket for each caller.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use governor::Quota;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use moka::sync::Cache;

use super::client_address::client_address;
use crate::config::{RateLimits, TrustedProxies};
use crate::http::AppState;
use crate::http::auth::{Authenticator, CallerIdentity};
use crate::http::request_context::{Principal, RequestContext};
use crate::telemetry::metrics::report_table;

/// Header fields of draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Paths without a rate limit, behind the path prefix: probes and scrapers call them, and they never call IPS.
const EXEMPT_PATHS: [&str; 3] = ["/livez", "/readyz", "/metrics"];
/// Maximum approximate memory of the buckets, in bytes; beyond that, rarely used ones are evicted.
const MAX_BUCKET_BYTES: u64 = 8 << 20;
/// Approximate memory of a bucket with its key, in bytes.
const BUCKET_BYTES: u32 = 400;
/// Maximum approximate memory of the numbers of accepted callers by address, in bytes.
const MAX_ADDRESS_BYTES: u64 = 1 << 20;
/// Approximate memory of the number of accepted callers of an address, in bytes.
const ADDRESS_BYTES: u32 = 200;
/// Minimum time that an unused bucket is kept: credentials that were not used for this long count as new.
const MIN_IDLE_TIME: Duration = Duration::from_mins(10);

/// Number of accepted callers from which on an address counts as that of many users, such as a proxy: its limits do not apply.
const MANY_USERS: u32 = 10;

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
    /// Value of `RateLimit-Policy`.
    policy: HeaderValue,
    buckets: Cache<RateLimitKey, Arc<TokenBucket>>,
    /// Number of callers with IPS credentials that were accepted, by address.
    accepted_callers: Cache<IpAddr, u32>,
    trusted_proxies: TrustedProxies,
    exempt_paths: [String; 3],
    authenticator: Arc<Authenticator>,
}

impl RateLimiter {
    /// Creates a limiter that counts requests by their principal, or by their address if `authenticator` finds none. `None` if the limits
    /// include no rate.
    #[must_use]
    pub fn new(
        limits: RateLimits,
        trusted_proxies: TrustedProxies,
        path_prefix: &str,
        authenticator: Arc<Authenticator>,
    ) -> Option<Self> {
        let quota = Quota::per_second(limits.rate?).allow_burst(limits.burst);
        // An idle bucket is full by then, so that removing it changes nothing.
        let idle_time = MIN_IDLE_TIME.max(quota.burst_size_replenished_in() + Duration::from_secs(1));
        let buckets = Cache::builder()
            .max_capacity(MAX_BUCKET_BYTES)
            .weigher(|_, _| BUCKET_BYTES)
            .time_to_idle(idle_time)
            .build();
        let accepted_callers = Cache::builder()
            .max_capacity(MAX_ADDRESS_BYTES)
            .weigher(|_, _| ADDRESS_BYTES)
            .time_to_idle(idle_time)
            .build();
        let exempt_paths = EXEMPT_PATHS.map(|path| format!("{path_prefix}{path}"));
        let window = quota.burst_size_replenished_in().as_secs_f64().ceil();
        let policy = format!("\"caller\";q={};w={window}", quota.burst_size());
        let policy = HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static(""));
        Some(Self { quota, policy, buckets, accepted_callers, trusted_proxies, exempt_paths, authenticator })
    }

    /// Whether requests of this path are not limited.
    fn is_exempt(&self, path: &str) -> bool {
        self.exempt_paths.iter().any(|exempt| exempt == path)
    }

    /// Takes a token for a request; `None` if its path has no limit. A client can invent other credentials for each request: credentials without a bucket also need a token
    /// of the bucket that all new credentials of the address share, unless that is the address of many users.
    pub(super) fn decide(&self, request: &ServiceRequest) -> Option<Decision> {
        if self.is_exempt(request.path()) {
            return None;
        }
        let address = || client_address(request.request(), &self.trusted_proxies).map(network_of);
        let key = match self.authenticator.authenticate(request.request()) {
            Ok(principal) => RateLimitKey::Caller(CallerIdentity::from(&*principal.caller)),
            Err(_) => RateLimitKey::Unauthenticated(address()),
        };
        if let Some(bucket) = self.buckets.get(&key) {
            return Some(take(&bucket));
        }
        Some(self.decide_without_bucket(key, address()))
    }

    /// Takes a token for a request of this address, whose key has no bucket.
    fn decide_without_bucket(&self, key: RateLimitKey, address: Option<IpAddr>) -> Decision {
        let has_many_users = address
            .is_some_and(|address| self.accepted_callers.get(&address).is_some_and(|accepted| accepted >= MANY_USERS));
        let is_new = matches!(key, RateLimitKey::Caller(CallerIdentity::Credentials(_)));
        if is_new && !has_many_users {
            let decision = take(&self.bucket(RateLimitKey::NewCredentials(address)));
            if decision.retry_after.is_some() {
                return decision;
            }
        }
        report_table("rate_limit_buckets", self.buckets.weighted_size(), MAX_BUCKET_BYTES);
        let new_caller_of = address.filter(|_| is_new && !has_many_users);
        Decision { new_caller_of, ..take(&self.bucket(key)) }
    }

    /// Counts a caller of this address that was accepted.
    fn count_accepted(&self, address: IpAddr) {
        report_table("address_counts", self.accepted_callers.weighted_size(), MAX_ADDRESS_BYTES);
        self.accepted_callers.entry(address).and_upsert_with(|count| count.map_or(1, |count| count.into_value() + 1));
    }

    /// Returns the bucket of a key; a new one is full.
    fn bucket(&self, key: RateLimitKey) -> Arc<TokenBucket> {
        self.buckets.get_with(key, || {
            Arc::new(governor::RateLimiter::direct(self.quota).with_middleware::<StateInformationMiddleware>())
        })
    }

    /// Counts the caller of a response if it is a new one, and adds `RateLimit` and `RateLimit-Policy`.
    pub(super) fn complete(&self, decision: &Decision, response: &mut ServiceResponse<BoxBody>) {
        if let Some(address) = decision.new_caller_of
            && let Some(principal) = RequestContext::current().principal.get()
            && is_accepted(principal, response.request())
        {
            self.count_accepted(address);
        }
        self.add_headers(response.headers_mut(), decision.remaining);
    }

    fn add_headers(&self, headers: &mut HeaderMap, remaining: u32) {
        let burst = self.quota.burst_size();
        let used = f64::from(burst.get().saturating_sub(remaining));
        let reset = (self.quota.replenish_interval().as_secs_f64() * used).ceil();
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        if let Ok(value) = HeaderValue::try_from(format!("\"caller\";r={remaining};t={reset}")) {
            headers.insert(RATE_LIMIT, value);
        }
    }
}

/// Returns whether IPS has accepted the credentials of a principal. `request` is one of the app.
pub fn is_accepted(principal: &Principal, request: &HttpRequest) -> bool {
    request.app_data::<Data<AppState>>().is_some_and(|state| state.jobs.has_accepted(&principal.caller))
}

/// Returns the address that stands for its network: of IPv6, a client usually has a network of 64 bits.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Decision on a request.
pub(super) struct Decision {
    /// Number of tokens left in the bucket.
    remaining: u32,
    /// Time until the bucket has a token again; `None` if the request got one.
    pub(super) retry_after: Option<Duration>,
    /// Address of a caller with credentials that had no bucket.
    new_caller_of: Option<IpAddr>,
}

/// Takes a token of a bucket.
fn take(bucket: &TokenBucket) -> Decision {
    match bucket.check() {
        Ok(state) => Decision { remaining: state.remaining_burst_capacity(), retry_after: None, new_caller_of: None },
        Err(not_until) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Decision { remaining: 0, retry_after: Some(wait), new_caller_of: None }
        }
    }
}
