//! Long polling: responses that wait for a change (`Prefer: wait`, RFC 7240).

use std::time::Duration;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use crate::http::AppState;
use crate::http::auth::AccessWatch;
use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;
use crate::http::response::HandlerResult;
use crate::jobs::ListWatchers;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Maximum wait: less than the minute after which nginx and most load balancers give up.
const MAX_WAIT: Duration = Duration::from_secs(50);

/// Returns the first response of `load` that is not 304, or the 304 once the wait is over or the server shuts down. Without
/// `Prefer: wait` and `If-None-Match`, and for HEAD, there is no wait.
///
/// `watchers` is awaited only for long polls, and before the first load, so that no change is missed between load and wait.
pub async fn respond<F, Fut>(
    state: &AppState,
    request: &HttpRequest,
    watchers: impl Future<Output = Result<ListWatchers, Problem>>,
    mut load: F,
) -> HandlerResult
where
    F: FnMut() -> Fut,
    Fut: Future<Output = HandlerResult>,
{
    let Some(wait) = preferred_wait(request) else { return load().await };
    let mut access = match RequestContext::current().principal.get() {
        Some(principal) => Some(state.auth.authenticator.watch(principal)?),
        None => None,
    };
    let mut watchers = watchers.await?;
    let deadline = Instant::now() + wait;
    let mut is_over = false;
    loop {
        let response = load().await?;
        if is_over || response.status() != StatusCode::NOT_MODIFIED {
            return Ok(with_preference_applied(response, wait));
        }
        let _gauge = GaugeGuard::new(metrics::gauge!(names::WAITING_POLLS));
        tokio::select! {
            () = watchers.changed() => {}
            () = tokio::time::sleep_until(deadline) => is_over = true,
            () = state.lifecycle.stopping() => is_over = true,
            () = ended(&mut access) => return Err(Problem::unauthenticated("the session has expired, or the API key was changed or revoked")),
        }
    }
}

/// Completes when the access of the caller ends.
async fn ended(access: &mut Option<AccessWatch>) {
    match access {
        Some(access) => access.ended().await,
        None => std::future::pending().await,
    }
}

fn with_preference_applied(mut response: HttpResponse, wait: Duration) -> HttpResponse {
    if let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait.as_secs())) {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    response
}

/// Returns the wait of a conditional request, up to [`MAX_WAIT`]; `None` for HEAD and if it prefers no wait.
fn preferred_wait(request: &HttpRequest) -> Option<Duration> {
    if request.method() == Method::HEAD {
        return None;
    }
    request.headers().get(header::IF_NONE_MATCH)?;
    let headers = request.headers().get_all(PREFER).filter_map(|value| value.to_str().ok());
    let mut preferences =
        headers.flat_map(|text| text.split(',')).filter_map(|text| text.split(';').next()?.split_once('='));
    let seconds = preferences.find_map(|(name, value)| {
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| seconds_of(value.trim().trim_matches('"'))).flatten()
    })?;
    Some(Duration::from_secs(seconds).min(MAX_WAIT)).filter(|wait| !wait.is_zero())
}

/// Parses a number of seconds; one that is too large for its type is the largest.
fn seconds_of(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}
