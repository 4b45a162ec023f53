//! How much one caller may ask for, so that there is enough for all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::web::Data;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use crate::config::RateLimits;
use crate::http::AppState;
use crate::http::auth::authenticate;
use crate::http::problem::Problem;
use crate::upstream::Caller;
use crate::upstream::CallerKey;

/// Fields of draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is asked by machines, and tells of this instance alone.
const EXEMPT: [&str; 3] = ["/livez", "/readyz", "/metrics"];
/// So many callers are remembered; whoever else was quiet for longest is forgotten, as if new.
const MOST_CALLERS: u64 = 100_000;
/// Whoever was heard of in this time is no newcomer.
const LATELY: Duration = Duration::from_mins(10);

/// Who is counted as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// The holder of an API key.
    Holder(String),
    /// Whoever has these credentials.
    Caller(CallerKey),
    /// Everybody at an address who shows nothing that could be credentials.
    Address(Option<IpAddr>),
    /// Everybody at an address who shows credentials that were not seen lately.
    Newcomers(Option<IpAddr>),
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        match &caller.api_key_hash {
            Some(holder) => Self::Holder(holder.clone()),
            None => Self::Caller(CallerKey::ignoring_locale(caller)),
        }
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;
/// What is left, and for how long there is nothing if that is so.
type Taken = (Standing, Result<(), Duration>);
type Watcher = (CallerKey, Option<Arc<[String]>>);

/// What callers used of what they may.
pub struct Limits {
    rate: Option<(Quota, Cache<Who, Arc<Bucket>>)>,
    most_streams: usize,
    streams: Arc<Mutex<HashMap<Watcher, usize>>>,
}

impl Limits {
    /// Nobody has asked for anything yet.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        let rate = limits.rate.map(|rate| {
            let quota = Quota::per_second(rate).allow_burst(limits.burst);
            // A bucket that had time to fill up is as good as a new one, once its owner is a newcomer again.
            let idle = LATELY.max(quota.burst_size_replenished_in() + Duration::from_secs(1));
            (quota, Cache::builder().max_capacity(MOST_CALLERS).time_to_idle(idle).build())
        });
        Self { rate, most_streams: limits.streams, streams: Arc::default() }
    }

    /// Takes one request from what `who` has left: what there is to be told about that, and for how long there is none. Anybody can make
    /// up credentials, for each request others: so newcomers take from what all of them at `address` have, and those who are known don't.
    fn take(&self, who: Who, address: Option<IpAddr>) -> Option<Taken> {
        let (quota, buckets) = self.rate.as_ref()?;
        let take = |bucket: &Bucket| {
            let (left, result) = match bucket.check() {
                Ok(state) => (state.remaining_burst_capacity(), Ok(())),
                Err(not_until) => (0, Err(not_until.wait_time_from(DefaultClock::default().now()))),
            };
            (Standing { quota: *quota, left }, result)
        };
        if let Some(known) = buckets.get(&who) {
            return Some(take(&known));
        }
        let new = |who| {
            buckets
                .get_with(who, || Arc::new(RateLimiter::direct(*quota).with_middleware::<StateInformationMiddleware>()))
        };
        if matches!(who, Who::Caller(_)) {
            let taken = take(&new(Who::Newcomers(address)));
            if taken.1.is_err() {
                return Some(taken);
            }
        }
        Some(take(&new(who)))
    }

    /// Opens a stream of events for `caller`, if it has not too many.
    pub fn open_stream(&self, caller: &Caller) -> Result<OpenStream, Problem> {
        let watcher = (CallerKey::ignoring_locale(caller), caller.companies.clone());
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(watcher.clone()).or_default();
        if *open >= self.most_streams {
            return Err(Problem::too_many_requests(format!("{} event streams are open already", self.most_streams)));
        }
        *open += 1;
        Ok(OpenStream { streams: Arc::clone(&self.streams), watcher })
    }
}

/// A stream is open, until this is dropped.
pub struct OpenStream {
    streams: Arc<Mutex<HashMap<Watcher, usize>>>,
    watcher: Watcher,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.watcher) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.watcher);
            }
        }
    }
}

/// How a caller stands.
struct Standing {
    quota: Quota,
    left: u32,
}

impl Standing {
    fn tell(&self, headers: &mut HeaderMap) {
        let burst: NonZeroU32 = self.quota.burst_size();
        let window = self.quota.burst_size_replenished_in().as_secs_f64().ceil();
        let used = f64::from(burst.get() - self.left.min(burst.get()));
        let reset = (self.quota.replenish_interval().as_secs_f64() * used).ceil();
        let fields = [
            (RATE_LIMIT_POLICY, format!("\"caller\";q={burst};w={window}")),
            (RATE_LIMIT, format!("\"caller\";r={};t={reset}", self.left)),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Refuses requests of callers who ask for more than their share.
///
/// # Errors
/// Those of the service.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = request.app_data::<Data<AppState>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let path = request.path().strip_prefix(&*state.prefix).unwrap_or_default();
    let taken = if EXEMPT.contains(&path) {
        None
    } else {
        let address = request.peer_addr().map(|address| address.ip());
        let who = authenticate(request.request()).map_or(Who::Address(address), |(caller, _)| Who::from(&caller));
        state.limits.take(who, address)
    };
    let (mut response, standing) = match taken {
        None => (next.call(request).await?.map_into_boxed_body(), None),
        Some((standing, Ok(()))) => (next.call(request).await?.map_into_boxed_body(), Some(standing)),
        Some((standing, Err(wait))) => {
            let problem = Problem::too_many_requests("more requests came from this caller than it may send");
            let mut response = request.error_response(problem);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            (response, Some(standing))
        }
    };
    if let Some(standing) = standing {
        standing.tell(response.headers_mut());
    }
    Ok(response)
}
