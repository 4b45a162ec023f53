//! Admission control: calls are shared fairly between callers, and callers that IPS has not accepted have a small lane of their own.

mod accepted;
mod lanes;
mod login_failures;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::accepted::AcceptedCallers;
use self::lanes::Lanes;
use self::login_failures::LoginFailures;
use crate::ips::types::*;
use crate::runtime::backoff;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::names;
use crate::upstream::api::{Call, IpsAnswer, IpsApi, forward_operations};
use crate::upstream::caller::{Caller, CredentialSource, Credentials};
use crate::upstream::error::{Delivery, Failure, UpstreamError};
use crate::upstream::health::UpstreamHealth;

/// Decorator of [`IpsApi`] that admits calls.
///
/// A caller has at most half of the concurrency limit. All callers whose credentials IPS has not accepted since the start of the process
/// share an eighth of it, and after failed logins the calls with other credentials of the same user are refused for a growing time: IPS counts
/// every failed login against the address of the gateway.
pub struct AdmissionControl {
    upstream: Arc<dyn IpsApi>,
    lanes: Lanes,
    accepted: AcceptedCallers,
    login_failures: LoginFailures,
    max_queue_time: Duration,
}

impl AdmissionControl {
    /// Admits calls of `upstream`, which makes at most `max_calls` at a time; further ones queue for at most `max_queue_time`.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, max_calls: usize, max_queue_time: Duration, clock: Clock) -> Self {
        Self {
            upstream,
            lanes: Lanes::new(max_calls, max_queue_time),
            accepted: AcceptedCallers::new(),
            login_failures: LoginFailures::new(clock),
            max_queue_time,
        }
    }

    /// Makes a call in the lane of its caller, and remembers whether IPS accepted the credentials.
    async fn admit<T: Operation>(
        &self,
        caller: &Caller,
        _request: &T,
        call: Call<'_, T::Answer>,
    ) -> Result<IpsAnswer<T::Answer>, UpstreamError> {
        let is_known = self.accepted.contains(caller);
        let is_accepted = is_known || caller.source == CredentialSource::Gateway;
        let lane = if is_accepted { self.lanes.of(caller) } else { self.lanes.of_strangers() };
        let slot = lane.acquire(Instant::now() + self.max_queue_time).await;
        let _slot =
            slot.map_err(|wait| refused::<T>(Failure::Overloaded { retry_after: backoff::add_jitter(wait) }))?;
        if let (false, Some(user)) = (is_accepted, user_of(caller)) {
            // After the lane, so that queued calls know the failures of those before them.
            let check = self.login_failures.check(user);
            check.map_err(|retry_after| refused::<T>(Failure::LoginBackOff { retry_after }))?;
        }
        let result = call.await;
        match result.as_ref().map_err(UpstreamError::fault_class) {
            Ok(_) | Err(Some(FaultClass::Permission)) if !is_known => {
                self.accepted.insert(caller);
                user_of(caller).inspect(|user| self.login_failures.forget(user));
            }
            Err(Some(FaultClass::Authentication)) => {
                self.accepted.remove(caller);
                user_of(caller).inspect(|user| self.login_failures.record(user));
            }
            _ => {}
        }
        result
    }
}

/// Returns the user name of credentials that the caller sent; `None` for tokens and for the service account.
fn user_of(caller: &Caller) -> Option<&str> {
    match (caller.credentials(), caller.source) {
        (Credentials::Password { user, .. }, CredentialSource::Caller) => Some(user),
        _ => None,
    }
}

/// Error of a call that is not admitted.
fn refused<T: Operation>(failure: Failure) -> UpstreamError {
    metrics::counter!(names::UPSTREAM_REFUSED, "reason" => failure.code()).increment(1);
    UpstreamError::of::<T>(failure, Delivery::NotSent)
}

macro_rules! admit {
    ($control:ident, $method:ident, $caller:ident, $request:ident) => {
        $control.admit($caller, $request, $control.upstream.$method($caller, $request))
    };
}

impl IpsApi for AdmissionControl {
    fn health(&self) -> UpstreamHealth {
        let health = self.upstream.health();
        UpstreamHealth { queued: health.queued + self.lanes.queued(), ..health }
    }

    fn has_accepted(&self, caller: &Caller) -> bool {
        self.accepted.contains(caller)
    }

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.upstream.check_submit(request)
    }

    for_each_operation!(forward_operations { admit });
}
