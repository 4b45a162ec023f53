//! SOAP client of IPS: attempts of a call under circuit breaker, concurrency limit and retry budget.

use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::time::Instant;

use super::api::{BadItem, Call, IpsAnswer, IpsApi, forward_operations};
use super::caller::{Caller, CredentialSource, Credentials};
use super::circuit_breaker::{CircuitBreaker, CompanyBreakers, CompanyKey};
use super::classify::{self, AttemptError};
use super::concurrency_limit::ConcurrencyLimit;
use super::config::ClientConfig;
use super::error::{CircuitScope, Delivery, Failure, UpstreamError};
use super::health::{ServiceAccountState, UpstreamHealth};
use super::retry::RetryBudget;
use super::telemetry::CallTelemetry;
use super::transport::{Documented, ErasedReply, Exchange, Transport};
use crate::ips::schema::{Deviation, TypeTable};
use crate::ips::soap::{Answer, AuthHeader, Reply, check_answer, write_request};
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
    companies: CompanyBreakers,
    limit: ConcurrencyLimit,
    retries: RetryBudget,
    service_account: Mutex<ServiceAccountState>,
    /// Schema of the API version; made by the first call that checks its answer.
    types: OnceLock<TypeTable>,
}

/// Answer of IPS with its deviations from the schema of the API version.
#[derive(Debug)]
pub struct InspectedAnswer {
    /// Answer of the operation.
    pub value: Box<dyn Any + Send>,
    /// The answer as JSON.
    pub json: serde_json::Value,
    /// Items of its arrays that were left out.
    pub bad_items: Vec<BadItem>,
    /// Deviations, in the order of the document.
    pub deviations: Vec<Deviation>,
    /// Size of the decompressed body.
    pub bytes: usize,
}

/// Written request of a call.
struct WrittenCall {
    body: Bytes,
    company: CompanyKey,
    credentials: CredentialSource,
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
        let companies = CompanyBreakers::new(config.min_failures, config.clock.clone());
        let limit = ConcurrencyLimit::new(config.max_calls, config.max_queue_time);
        let retries = RetryBudget::new(config.read_retry);
        let service_account = Mutex::default();
        Ok(Self { config, transport, breaker, companies, limit, retries, service_account, types: OnceLock::new() })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// No answer, or a fault; the error has the reason, and how far the request got.
    ///
    /// # Panics
    /// Never: an `Exchange` of `T` reads the answer of `T`.
    pub async fn call<T>(&self, caller: &Caller, request: &T) -> Result<IpsAnswer<T::Answer>, UpstreamError>
    where
        T: Operation<Answer: 'static>,
    {
        let written = self.write_call(caller, request);
        let Answer { value, bad_items, unreadable_values } = self.answer(written, Exchange::of::<T>()).await?;
        let count = u64::try_from(bad_items.len()).unwrap_or(u64::MAX);
        metrics::counter!(names::BAD_ITEMS, "rpc_method" => T::NAME).increment(count);
        metrics::counter!(names::UNREADABLE_VALUES, "rpc_method" => T::NAME).increment(unreadable_values);
        let value = *value.downcast::<T::Answer>().expect("an exchange of T reads the answer of T");
        Ok(IpsAnswer { value, bad_items: bad_items.into_iter().map(Into::into).collect() })
    }

    /// Calls an operation and checks the answer, a `T::Answer`, against the schema of the API version.
    ///
    /// # Errors
    /// As [`IpsClient::call`].
    ///
    /// # Panics
    /// Never: an `Exchange` of `T` reads the answer of `T`.
    pub async fn inspect<T>(&self, caller: &Caller, request: &T) -> Result<InspectedAnswer, UpstreamError>
    where
        T: Operation<Answer: 'static>,
    {
        let written = self.write_call(caller, request);
        let Answer { value, bad_items, .. } = self.answer(written, Exchange::with_document::<T>()).await?;
        let documented = value.downcast::<Documented<T::Answer>>().expect("an exchange of T reads the answer of T");
        let Documented { value, body, content_type } = *documented;
        let types = self.types.get_or_init(|| TypeTable::of(&self.config.version));
        // The answer was read from the same document.
        let deviations = check_answer::<T>(&body, content_type.as_deref(), types).unwrap_or_default();
        let bad_items = bad_items.into_iter().map(Into::into).collect();
        // By way of the text, whose serializer the gateway needs anyway.
        let json = serde_json::to_vec(&value).and_then(|text| serde_json::from_slice(&text)).unwrap_or_default();
        Ok(InspectedAnswer { value: Box::new(value), json, bad_items, deviations, bytes: body.len() })
    }

    /// Writes the request of a call.
    fn write_call<T: Operation>(&self, caller: &Caller, request: &T) -> Result<WrittenCall, AttemptError> {
        let body = self.write(request, &self.auth(caller))?.into();
        Ok(WrittenCall { body, company: CompanyKey::new(caller, request.company()), credentials: caller.source })
    }

    /// Makes a call and returns its answer, with the items that can't be read.
    async fn answer(
        &self,
        written: Result<WrittenCall, AttemptError>,
        exchange: Exchange,
    ) -> Result<Answer<Box<dyn Any + Send>>, UpstreamError> {
        let convert = |error: AttemptError| error.into_upstream_error(exchange.operation);
        let WrittenCall { body, company, credentials } = written.map_err(convert)?;
        let reply = self.attempts(exchange, body, company).await.map_err(convert)?;
        if credentials == CredentialSource::Gateway {
            self.note_service_account(match &reply {
                Reply::Fault(fault) if fault.class() == FaultClass::Authentication => ServiceAccountState::Rejected,
                Reply::Fault(_) | Reply::Answer(_) => ServiceAccountState::Accepted,
            });
        }
        match reply {
            Reply::Answer(answer) => Ok(answer),
            Reply::Fault(fault) => {
                Err(UpstreamError::new(exchange.operation, Failure::Fault(fault), Delivery::Rejected))
            }
        }
    }

    /// Checks that the service responds with SOAP, with a call without credentials, which it refuses.
    ///
    /// # Errors
    /// No response, or one that is no SOAP.
    pub async fn check_reachable(&self) -> Result<(), UpstreamError> {
        let convert = |error: AttemptError| error.into_upstream_error(GetCompanyMembershipParam::INFO);
        let request = self.write(&GetCompanyMembershipParam::default(), &self.application()).map_err(convert)?;
        let anonymous = Caller::service(&Credentials::AccessToken(SecretString::default()));
        let company = CompanyKey::new(&anonymous, None);
        let exchange = Exchange::of::<GetCompanyMembershipParam>();
        self.attempts(exchange, request.into(), company).await.map(drop).map_err(convert)
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
    async fn attempts(
        &self,
        exchange: Exchange,
        body: Bytes,
        company: CompanyKey,
    ) -> Result<ErasedReply, AttemptError> {
        let deadline = Instant::now() + self.config.timeout;
        if exchange.operation.effect == Effect::Changes {
            return self.attempt(exchange, body, company, deadline).await;
        }
        self.retries.deposit();
        let mut attempt = 1;
        let mut error = match self.attempt(exchange, body.clone(), company, deadline).await {
            Err(error) => error,
            reply => return reply,
        };
        while classify::is_transient(&error.failure)
            && let Some(pause) = self.retries.pause(attempt, deadline)
        {
            tokio::time::sleep(pause).await;
            attempt += 1;
            metrics::counter!(names::UPSTREAM_RETRIES, "rpc_method" => exchange.operation.name).increment(1);
            error = match self.attempt(exchange, body.clone(), company, deadline).await {
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

    /// Makes one attempt, if circuit breakers and concurrency limit permit it.
    async fn attempt(
        &self,
        exchange: Exchange,
        body: Bytes,
        company: CompanyKey,
        deadline: Instant,
    ) -> Result<ErasedReply, AttemptError> {
        // Before queueing, too: a call that an open circuit refuses needs no slot.
        self.breaker.check().map_err(suspended_by(CircuitScope::Upstream))?;
        self.companies.check(company).map_err(suspended_by(CircuitScope::Company))?;
        let slot = self.limit.acquire(deadline).await;
        let slot = slot.map_err(|wait| refused(Failure::Overloaded { retry_after: backoff::add_jitter(wait) }))?;
        let permits = self.breaker.acquire().map_err(suspended_by(CircuitScope::Upstream)).and_then(|permit| {
            let company = self.companies.acquire(company).map_err(suspended_by(CircuitScope::Company))?;
            Ok((permit, company))
        });
        let (permit, company) = match permits {
            Ok(permits) => permits,
            Err(refused) => {
                slot.discard();
                return Err(refused);
            }
        };
        let telemetry = CallTelemetry::start(exchange.operation.name, &self.config.url);
        let call = telemetry.within(self.transport.send(exchange, body, deadline));
        let reply = match tokio::time::timeout_at(deadline, call).await {
            Ok(reply) => reply,
            Err(_) => Err(AttemptError::unknown(Failure::Timeout(self.config.timeout))),
        };
        telemetry.end(&reply);
        match reply.as_ref().map_err(|error| error.counted_by) {
            Err(Some(CircuitScope::Upstream)) => permit.failed(),
            Err(Some(CircuitScope::Company)) => {
                permit.answered_unreadably();
                company.answered_unreadably();
            }
            Ok(_) | Err(None) => {
                permit.succeeded();
                company.answered();
            }
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
        match caller.credentials() {
            Credentials::Password { user, password } => {
                AuthHeader { user: Some(user.clone()), password: Some(password.clone()), ..auth }
            }
            Credentials::AccessToken(token) => AuthHeader { access_token: Some(token.clone()), ..auth },
        }
    }
}

/// Returns the conversion of the time until the next probe of an open circuit to the error of the call.
fn suspended_by(scope: CircuitScope) -> impl FnOnce(Duration) -> AttemptError {
    move |remaining| refused(Failure::CircuitOpen { scope, retry_after: backoff::add_jitter(remaining) })
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
        let suspended_companies = self.companies.suspended();
        let service_account = *self.service_account.lock().unwrap_or_else(PoisonError::into_inner);
        UpstreamHealth { circuit, suspended_companies, last_success, last_failure, in_flight, queued, service_account }
    }

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.write(request, &self.application())
            .map(drop)
            .map_err(|error| error.into_upstream_error(SubmitJobParam::INFO))
    }

    for_each_operation!(forward_operations { call });
}
