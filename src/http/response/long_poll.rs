//! Long polls: an answer that waits until there is something new (`Prefer: wait`, RFC 7240).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use crate::http::AppState;
use crate::http::problem::Problem;
use crate::jobs::ListWatchers;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Nobody waits longer than this: proxies cut silent requests.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The answer that `look` gives: at once, or, when the client has it already and prefers to wait, as soon as it is another one.
///
/// `watches` is asked for only when somebody waits, and before the first look, so that no change falls between the two.
pub async fn answer<F, Fut>(
    state: &AppState,
    request: &HttpRequest,
    watches: impl Future<Output = Result<ListWatchers, Problem>>,
    mut look: F,
) -> Result<HttpResponse, Problem>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<HttpResponse, Problem>>,
{
    let Some(wait) = preferred_wait(request) else { return look().await };
    let mut watches = watches.await?;
    let deadline = Instant::now() + wait;
    let mut over = false;
    loop {
        let mut response = look().await?;
        if over || response.status() != StatusCode::NOT_MODIFIED {
            if let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait.as_secs())) {
                response.headers_mut().insert(PREFERENCE_APPLIED, applied);
            }
            return Ok(response);
        }
        let _present = GaugeGuard::new(metrics::gauge!(names::WAITING_POLLS));
        tokio::select! {
            () = watches.changed() => {}
            () = tokio::time::sleep_until(deadline) => over = true,
            () = state.lifecycle.stopping() => over = true,
        }
    }
}

/// How long the client prefers to wait; only who has an answer already waits for another one.
fn preferred_wait(request: &HttpRequest) -> Option<Duration> {
    request.headers().get(header::IF_NONE_MATCH)?;
    let headers = request.headers().get_all(PREFER).filter_map(|value| value.to_str().ok());
    let mut preferences =
        headers.flat_map(|text| text.split(',')).filter_map(|text| text.split(';').next()?.split_once('='));
    let seconds = preferences.find_map(|(name, value)| {
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| value.trim().trim_matches('"').parse().ok()).flatten()
    })?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT)).filter(|wait| !wait.is_zero())
}
