//! SOAP client of IPS: attempts of a call under circuit breaker, concurrency limit and retry budget.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use super::api::{Call, IpsAnswer, IpsApi, forward_operations};
use super::caller::{Caller, CredentialSource, Credentials};
use super::circuit_breaker::CircuitBreaker;
use super::classify::{self, AttemptError};
use super::concurrency_limit::ConcurrencyLimit;
use super::config::ClientConfig;
use super::error::{Delivery, Failure, UpstreamError};
use super::health::{ServiceAccountState, UpstreamHealth};
use super::retry::RetryBudget;
use super::telemetry::CallTelemetry;
use super::transport::Transport;
use crate::ips::soap::{Answer, AuthHeader, Reply, write_request};
use crate::ips::types::*;
use crate::runtime::backoff;
use crate::telemetry::metrics::names;

/// SOAP client of IPS.
///
/// A call needs a permit of the circuit breaker and a slot of the concurrency limit. Reads are retried after transient failures, within
/// the timeout and the retry budget; nothing else in the gateway retries. Mutations are sent once.
#[derive(Debug)]
pub struct IpsClient {
    config: Arc<ClientConfig>,
    transport: Transport,
    breaker: CircuitBreaker,
    limit: ConcurrencyLimit,
    retries: RetryBudget,
    service_account: Mutex<ServiceAccountState>,
}

impl IpsClient {
    /// Creates a client; connects to nothing.
    ///
    /// # Errors
    /// The certificate authorities can't be read, or TLS can't be set up.
    pub fn new(config: ClientConfig) -> Result<Self, reqwest::Error> {
        let config = Arc::new(config);
        let transport = Transport::new(Arc::clone(&config))?;
        let breaker = CircuitBreaker::new(config.min_failures, config.clock.clone());
        let limit = ConcurrencyLimit::new(config.max_calls, config.max_queue_time);
        let retries = RetryBudget::new(config.read_retry);
        Ok(Self { config, transport, breaker, limit, retries, service_account: Mutex::default() })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// No answer, or a fault; the error has the reason, and how far the request got.
    pub async fn call<T>(&self, caller: &Caller, request: &T) -> Result<IpsAnswer<T::Answer>, UpstreamError>
    where
        T: Operation<Answer: 'static>,
    {
        let body = self.write(request, &self.auth(caller)).map_err(AttemptError::into_upstream_error::<T>)?.into();
        let reply = self.attempts::<T>(body).await.map_err(AttemptError::into_upstream_error::<T>)?;
        if caller.source == CredentialSource::Gateway {
            self.note_service_account(match &reply {
                Reply::Fault(fault) if fault.class() == FaultClass::Authentication => ServiceAccountState::Rejected,
                Reply::Fault(_) | Reply::Answer(_) => ServiceAccountState::Accepted,
            });
        }
        match reply {
            Reply::Answer(Answer { value, bad_items, unreadable_values }) => {
                let count = u64::try_from(bad_items.len()).unwrap_or(u64::MAX);
                metrics::counter!(names::BAD_ITEMS, "rpc_method" => T::NAME).increment(count);
                metrics::counter!(names::UNREADABLE_VALUES, "rpc_method" => T::NAME).increment(unreadable_values);
                Ok(IpsAnswer { value, bad_items: bad_items.into_iter().map(Into::into).collect() })
            }
            Reply::Fault(fault) => Err(UpstreamError::of::<T>(Failure::Fault(fault), Delivery::Rejected)),
        }
    }

    /// Checks that the service responds with SOAP, with a call without credentials, which it refuses.
    ///
    /// # Errors
    /// No response, or one that is no SOAP.
    pub async fn check_reachable(&self) -> Result<(), UpstreamError> {
        let convert = AttemptError::into_upstream_error::<GetCompanyMembershipParam>;
        let request = self.write(&GetCompanyMembershipParam::default(), &self.application()).map_err(convert)?;
        self.attempts::<GetCompanyMembershipParam>(request.into()).await.map(drop).map_err(convert)
    }

    /// Notes whether IPS accepted the service account, and logs a change of that.
    fn note_service_account(&self, state: ServiceAccountState) {
        let previous =
            std::mem::replace(&mut *self.service_account.lock().unwrap_or_else(PoisonError::into_inner), state);
        match state {
            _ if state == previous => {}
            ServiceAccountState::Rejected => tracing::error!("IPS rejects the credentials of the service account"),
            ServiceAccountState::Accepted if previous == ServiceAccountState::Rejected => {
                tracing::info!("IPS accepts the credentials of the service account again");
            }
            ServiceAccountState::Accepted | ServiceAccountState::Unknown => {}
        }
    }

    fn write<T: Operation>(&self, request: &T, auth: &AuthHeader) -> Result<Vec<u8>, AttemptError> {
        write_request(request, &self.config.version, auth).map_err(classify::unwritable)
    }

    /// Makes a call, with retries if it is a read.
    async fn attempts<T>(&self, body: Bytes) -> Result<Reply<T::Answer>, AttemptError>
    where
        T: Operation<Answer: 'static>,
    {
        let deadline = Instant::now() + self.config.timeout;
        if T::EFFECT == Effect::Changes {
            return self.attempt::<T>(body, deadline).await;
        }
        self.retries.deposit();
        let mut attempt = 1;
        let mut error = match self.attempt::<T>(body.clone(), deadline).await {
            Err(error) => error,
            reply => return reply,
        };
        while classify::is_transient(&error.failure)
            && let Some(pause) = self.retries.pause(attempt, deadline)
        {
            tokio::time::sleep(pause).await;
            attempt += 1;
            metrics::counter!(names::UPSTREAM_RETRIES, "rpc_method" => T::NAME).increment(1);
            error = match self.attempt::<T>(body.clone(), deadline).await {
                // The earlier error is more specific than a refused retry.
                Err(AttemptError { failure: Failure::Overloaded { .. } | Failure::CircuitOpen { .. }, .. }) => {
                    return Err(error);
                }
                Err(error) => error,
                reply => return reply,
            };
        }
        Err(error)
    }

    /// Makes one attempt, if circuit breaker and concurrency limit permit it.
    async fn attempt<T>(&self, body: Bytes, deadline: Instant) -> Result<Reply<T::Answer>, AttemptError>
    where
        T: Operation<Answer: 'static>,
    {
        let open = |remaining| refused(Failure::CircuitOpen { retry_after: backoff::add_jitter(remaining) });
        // Before queueing, too: a call that an open circuit refuses needs no slot.
        self.breaker.check().map_err(open)?;
        let slot = self.limit.acquire(deadline).await;
        let slot = slot.map_err(|wait| refused(Failure::Overloaded { retry_after: backoff::add_jitter(wait) }))?;
        let permit = match self.breaker.acquire() {
            Ok(permit) => permit,
            Err(remaining) => {
                slot.discard();
                return Err(open(remaining));
            }
        };
        let telemetry = CallTelemetry::start(T::NAME, &self.config.url);
        let call = telemetry.within(self.transport.send::<T>(body, deadline));
        let reply = match tokio::time::timeout_at(deadline, call).await {
            Ok(reply) => reply,
            Err(_) => Err(AttemptError::unknown(Failure::Timeout(self.config.timeout))),
        };
        telemetry.end(&reply);
        match &reply {
            Err(error) if classify::counts_as_failure(&error.failure) => permit.failed(),
            _ => permit.succeeded(),
        }
        reply
    }

    fn application(&self) -> AuthHeader {
        AuthHeader {
            app_name: self.config.app_name.clone(),
            app_version: self.config.app_version.clone(),
            ..AuthHeader::default()
        }
    }

    fn auth(&self, caller: &Caller) -> AuthHeader {
        let auth = AuthHeader { locale: caller.locale.clone(), ..self.application() };
        match &caller.credentials {
            Credentials::Password { user, password } => {
                AuthHeader { user: Some(user.clone()), password: Some(password.clone()), ..auth }
            }
            Credentials::AccessToken(token) => AuthHeader { access_token: Some(token.clone()), ..auth },
        }
    }
}

/// Error of a call that circuit breaker or concurrency limit refused.
fn refused(failure: Failure) -> AttemptError {
    metrics::counter!(names::UPSTREAM_REFUSED, "reason" => failure.code()).increment(1);
    AttemptError::not_sent(failure)
}

macro_rules! call {
    ($client:ident, $method:ident, $caller:ident, $request:ident) => {
        $client.call($caller, $request)
    };
}

impl IpsApi for IpsClient {
    fn health(&self) -> UpstreamHealth {
        let (circuit, last_success, last_failure) = self.breaker.status();
        let (in_flight, queued) = (self.limit.in_flight(), self.limit.queued());
        let service_account = *self.service_account.lock().unwrap_or_else(PoisonError::into_inner);
        UpstreamHealth { circuit, last_success, last_failure, in_flight, queued, service_account }
    }

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.write(request, &self.application()).map(drop).map_err(AttemptError::into_upstream_error::<SubmitJobParam>)
    }

    for_each_operation!(forward_operations { call });
}
