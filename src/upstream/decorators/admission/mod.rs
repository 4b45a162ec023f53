//! Admission control: calls are shared fairly between callers, and callers that IPS has not accepted have a small lane of their own.

mod accepted;
mod lanes;
mod login_failures;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::accepted::AcceptedCallers;
use self::lanes::{Lane, Lanes};
use self::login_failures::LoginFailures;
use crate::ips::types::*;
use crate::runtime::backoff;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::names;
use crate::upstream::api::{Call, IpsAnswer, IpsApi, forward_operations};
use crate::upstream::caller::{Caller, CredentialSource, Credentials};
use crate::upstream::concurrency_limit::Slot;
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
        let user = if is_accepted { None } else { user_of(caller) };
        let _slot = self.enter(&lane, user, T::INFO).await?;
        let result = call.await;
        if !is_known || result.is_err() {
            self.record(caller, result.as_ref().err());
        }
        result
    }

    /// Waits for a slot of `lane`; refuses calls of a `user` with failed logins.
    async fn enter<'a>(
        &self,
        lane: &'a Lane<'_>,
        user: Option<&str>,
        operation: OperationInfo,
    ) -> Result<Slot<'a>, UpstreamError> {
        let refused = |failure: Failure| {
            metrics::counter!(names::UPSTREAM_REFUSED, "reason" => failure.code()).increment(1);
            UpstreamError::new(operation, failure, Delivery::NotSent)
        };
        let slot = lane.acquire(Instant::now() + self.max_queue_time).await;
        let slot = slot.map_err(|wait| refused(Failure::Overloaded { retry_after: backoff::add_jitter(wait) }))?;
        if let Some(user) = user {
            // After the lane, so that queued calls know the failures of those before them.
            let check = self.login_failures.check(user);
            check.map_err(|retry_after| refused(Failure::LoginBackOff { retry_after }))?;
        }
        Ok(slot)
    }

    /// Remembers what the result of a call shows of the credentials.
    fn record(&self, caller: &Caller, error: Option<&UpstreamError>) {
        match error.map(UpstreamError::fault_class) {
            None | Some(Some(FaultClass::Permission)) => {
                self.accepted.insert(caller);
                user_of(caller).inspect(|user| self.login_failures.forget(user));
            }
            Some(Some(FaultClass::Authentication)) => {
                self.accepted.remove(caller);
                user_of(caller).inspect(|user| self.login_failures.record(user));
            }
            _ => {}
        }
    }
}

/// Returns the user name of credentials that the caller sent; `None` for tokens and for the service account.
fn user_of(caller: &Caller) -> Option<&str> {
    match (caller.credentials(), caller.source) {
        (Credentials::Password { user, .. }, CredentialSource::Caller) => Some(user),
        _ => None,
    }
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
