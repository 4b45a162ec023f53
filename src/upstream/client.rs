//! The SOAP client: the jobs' port to IPS over HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use crate::backoff;
use crate::clock::Clock;
use crate::ips::soap::{Answer, AuthHeader, Reply, write_request};
use crate::ips::types::*;
use crate::telemetry::metrics::names;
use crate::upstream::circuit_breaker::CircuitBreaker;
use crate::upstream::classify::{self, Lost};
use crate::upstream::concurrency_limit::ConcurrencyLimit;
use crate::upstream::retry::RetryBudget;
use crate::upstream::telemetry::CallTelemetry;
use crate::upstream::transport::Transport;
use crate::upstream::{Answered, Caller, Credentials, Delivery, Failure, IpsApi, UpstreamError, UpstreamHealth};

/// Where IPS is, and how to speak to it.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The address of the `IpsApiService`.
    pub url: Url,
    /// The API version to speak.
    pub version: ApiVersion,
    /// Certificate authorities to trust besides those of the system, each a bundle in PEM.
    pub authorities: Vec<Vec<u8>>,
    /// How long a whole call may take, with all its attempts and the waiting between them.
    pub timeout: Duration,
    /// How long it may take to connect, TLS included.
    pub connect_timeout: Duration,
    /// How many calls may be under way at once.
    pub max_calls: usize,
    /// How long a call may wait for its turn when so many are.
    pub patience: Duration,
    /// IPS is given a rest after so many failed calls in a short time, when they are half of all; `None`: never.
    pub failures_before_rest: Option<NonZeroU32>,
    /// How large an answer may be, both compressed and decompressed, in bytes.
    pub max_answer_bytes: usize,
    /// The name of the calling application, for IPS' records.
    pub app_name: String,
    /// Its version.
    pub app_version: String,
    /// Tells the time, for rests between calls to an IPS that fails.
    pub clock: Clock,
}

/// Speaks SOAP to IPS.
///
/// A call passes the circuit breaker (is IPS asked at all?) and the gate (are too many under way?), and is then sent. A call that only
/// reads is made again when its connection failed, as long as there is time and a budget for it: this is the one place that retries.
/// A call that changes something is sent once, whatever happens.
#[derive(Debug)]
pub struct IpsClient {
    config: Arc<ClientConfig>,
    exchange: Transport,
    breaker: CircuitBreaker,
    gate: ConcurrencyLimit,
    retries: RetryBudget,
}

impl IpsClient {
    /// Prepares a client; connects to nothing.
    ///
    /// # Errors
    /// The TLS library can't be set up: there are no certificate authorities, or they can't be read.
    pub fn new(config: ClientConfig) -> Result<Self, reqwest::Error> {
        let config = Arc::new(config);
        let exchange = Transport::new(Arc::clone(&config))?;
        let breaker = CircuitBreaker::new(config.failures_before_rest, config.clock.clone());
        let gate = ConcurrencyLimit::new(config.max_calls, config.patience);
        Ok(Self { config, exchange, breaker, gate, retries: RetryBudget::default() })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// There is no answer; the error says why, and how far the request got.
    pub async fn call<T>(&self, caller: &Caller, request: &T) -> Result<Answered<T::Answer>, UpstreamError>
    where
        T: Operation<Answer: 'static>,
    {
        let error = |(failure, delivery)| UpstreamError { operation: T::NAME, failure, delivery };
        let body = self.write(request, &self.auth(caller)).map_err(error)?.into();
        match self.attempts::<T>(body).await.map_err(error)? {
            Reply::Answer(Answer { value, bad_items }) => {
                let count = u64::try_from(bad_items.len()).unwrap_or(u64::MAX);
                metrics::counter!(names::BAD_ITEMS, "rpc_method" => T::NAME).increment(count);
                Ok(Answered { value, bad_items: bad_items.into_iter().map(Into::into).collect() })
            }
            Reply::Fault(fault) => Err(error((Failure::Fault(fault), Delivery::Rejected))),
        }
    }

    fn write<T: Operation>(&self, request: &T, auth: &AuthHeader) -> Result<Vec<u8>, Lost> {
        write_request(request, &self.config.version, auth).map_err(classify::unwritable)
    }

    /// Makes a call, and again where that is harmless and likely to help.
    async fn attempts<T>(&self, body: Bytes) -> Result<Reply<T::Answer>, Lost>
    where
        T: Operation<Answer: 'static>,
    {
        let deadline = Instant::now() + self.config.timeout;
        if T::EFFECT == Effect::Changes {
            return self.attempt::<T>(body, deadline).await;
        }
        self.retries.deposit();
        let mut attempt = 1;
        let mut lost = match self.attempt::<T>(body.clone(), deadline).await {
            Err(lost) => lost,
            reply => return reply,
        };
        while classify::is_passing(&lost.0)
            && let Some(pause) = self.retries.pause(attempt, deadline)
        {
            tokio::time::sleep(pause).await;
            attempt += 1;
            metrics::counter!(names::UPSTREAM_RETRIES, "rpc_method" => T::NAME).increment(1);
            lost = match self.attempt::<T>(body.clone(), deadline).await {
                // What went wrong before says more than that there is no other try.
                Err((Failure::Busy { .. } | Failure::Suspended { .. }, _)) => return Err(lost),
                Err(lost) => lost,
                reply => return reply,
            };
        }
        Err(lost)
    }

    /// Sends a request, once, if it may be sent.
    async fn attempt<T>(&self, body: Bytes, deadline: Instant) -> Result<Reply<T::Answer>, Lost>
    where
        T: Operation<Answer: 'static>,
    {
        let suspended = |rest| refused(Failure::Suspended { retry_after: backoff::spread(rest) });
        self.breaker.check().map_err(suspended)?;
        let turn = self.gate.enter(deadline).await;
        let _turn = turn.map_err(|wait| refused(Failure::Busy { retry_after: backoff::spread(wait) }))?;
        let pass = self.breaker.admit().map_err(suspended)?;
        let trail = CallTelemetry::begin(T::NAME, &self.config.url);
        let reply = match tokio::time::timeout_at(deadline, trail.within(self.exchange.run::<T>(body))).await {
            Ok(reply) => reply,
            Err(_) => Err((Failure::Timeout(self.config.timeout), Delivery::Unknown)),
        };
        trail.end(&reply);
        match &reply {
            Err((failure, _)) if classify::is_outage(failure) => pass.failed(),
            _ => pass.succeeded(),
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

/// A call that is not made, to spare IPS.
fn refused(failure: Failure) -> Lost {
    metrics::counter!(names::UPSTREAM_REFUSED, "reason" => failure.code()).increment(1);
    (failure, Delivery::NotSent)
}

macro_rules! upstream {
    ($($method:ident($request:ident) -> $answer:ident;)+) => {
        #[async_trait]
        impl IpsApi for IpsClient {
            fn health(&self) -> UpstreamHealth {
                let (circuit, last_success, last_failure) = self.breaker.seen();
                let (in_flight, waiting) = (self.gate.in_flight(), self.gate.waiting());
                UpstreamHealth { circuit, last_success, last_failure, in_flight, waiting }
            }

            fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
                self.write(request, &self.application()).map(drop).map_err(|(failure, delivery)| UpstreamError {
                    operation: SubmitJobParam::NAME,
                    failure,
                    delivery,
                })
            }

            $(async fn $method(&self, caller: &Caller, request: &$request) -> Result<Answered<$answer>, UpstreamError> {
                self.call(caller, request).await
            })+
        }
    };
}

upstream! {
    submit_job(SubmitJobParam) -> SubmitJobReturn;
    get_active_jobs(GetActiveJobsParam) -> GetActiveJobsReturn;
    get_scheduled_jobs(GetScheduledJobsParam) -> GetScheduledJobsReturn;
    get_job_logs(GetJobLogsParam) -> GetJobLogsReturn;
    get_job_log_details(GetJobLogDetailsParam) -> GetJobLogDetailsReturn;
    get_archived_job_log_details(GetArchivedJobLogDetailsParam) -> GetArchivedJobLogDetailsReturn;
    get_asset_job_logs(GetAssetJobLogsParam) -> GetAssetJobLogsReturn;
    get_asset_archived_job_logs(GetAssetArchivedJobLogsParam) -> GetAssetArchivedJobLogsReturn;
    stop_job(StopJobParam) -> StopJobReturn;
    pause_job(PauseJobParam) -> PauseJobReturn;
    resume_job(ResumeJobParam) -> ResumeJobReturn;
    execute_job(ExecuteJobParam) -> ExecuteJobReturn;
    delete_job(DeleteJobParam) -> DeleteJobReturn;
    get_company_info(GetCompanyInfoParam) -> GetCompanyInfoReturn;
    get_company_membership(GetCompanyMembershipParam) -> GetCompanyMembershipReturn;
}
