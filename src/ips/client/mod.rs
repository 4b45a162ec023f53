//! The SOAP client: the jobs' port to IPS over HTTP.

mod failure;
mod trail;

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use url::Url;

use super::envelope::{Answer, AuthHeader, Reply, read_answer, write_request};
use super::types::*;
use super::xml::ReadError;
use crate::jobs::upstream::{Answered, Caller, Credentials, Delivery, Failure, Upstream, UpstreamError};
use failure::Lost;
use trail::Trail;

/// How long an idle connection is kept for the next reading call: less than servers usually keep theirs, because a call
/// on a connection that the other side is closing fails.
const IDLE: Duration = Duration::from_secs(4);

/// From this size on an answer is parsed where that holds up no other request, in bytes.
const LARGE_ANSWER: usize = 256 << 10;

/// Where IPS is, and how to speak to it.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The address of the `IpsApiService`.
    pub url: Url,
    /// The API version to speak.
    pub version: ApiVersion,
    /// How long a whole call may take.
    pub timeout: Duration,
    /// How long it may take to connect, TLS included.
    pub connect_timeout: Duration,
    /// How large an answer may be, decompressed, in bytes.
    pub max_answer_bytes: usize,
    /// The name of the calling application, for IPS' records.
    pub app_name: String,
    /// Its version.
    pub app_version: String,
}

/// Speaks SOAP to IPS. It sends each call once: whoever calls decides what is worth a second try.
#[derive(Debug, Clone)]
pub struct IpsClient {
    config: ClientConfig,
    /// For calls that change nothing: keeps connections.
    reads: Client,
    /// For calls that change something: each on a new connection, since a kept one may be closing, and a call that is
    /// lost on it can't be told from one that was processed.
    changes: Client,
}

impl IpsClient {
    /// Prepares a client; connects to nothing.
    ///
    /// # Errors
    /// The TLS library can't be set up, for lack of root certificates for example.
    pub fn new(config: ClientConfig) -> Result<Self, reqwest::Error> {
        let reads = builder(&config).pool_idle_timeout(IDLE).build()?;
        let changes = builder(&config).pool_max_idle_per_host(0).build()?;
        Ok(Self { config, reads, changes })
    }

    /// Calls an operation, once.
    ///
    /// # Errors
    /// There is no answer; the error says why, and how far the request got.
    pub async fn call<T>(&self, caller: &Caller, request: &T) -> Result<Answered<T::Answer>, UpstreamError>
    where
        T: Operation<Answer: 'static>,
    {
        let error = |(failure, delivery)| UpstreamError { operation: T::NAME, failure, delivery };
        let body = self.write(request, &self.auth(caller)).map_err(error)?;
        let trail = Trail::begin(T::NAME, &self.config.url);
        let reply = trail.within(self.exchange::<T>(body)).await;
        trail.end(&reply);
        match reply.map_err(error)? {
            Reply::Answer(Answer { value, bad_items }) => {
                let count = u64::try_from(bad_items.len()).unwrap_or(u64::MAX);
                metrics::counter!("ips_gateway_bad_items_total", "rpc_method" => T::NAME).increment(count);
                Ok(Answered { value, bad_items: bad_items.into_iter().map(Into::into).collect() })
            }
            Reply::Fault(fault) => Err(error((Failure::Fault(fault), Delivery::Rejected))),
        }
    }

    fn write<T: Operation>(&self, request: &T, auth: &AuthHeader) -> Result<Vec<u8>, Lost> {
        write_request(request, &self.config.version, auth).map_err(failure::unwritable)
    }

    async fn exchange<T>(&self, body: Vec<u8>) -> Result<Reply<T::Answer>, Lost>
    where
        T: Operation<Answer: 'static>,
    {
        let client = match T::EFFECT {
            Effect::Reads => &self.reads,
            Effect::Changes => &self.changes,
        };
        let response = client
            .post(self.config.url.clone())
            .header(CONTENT_TYPE, "text/xml; charset=UTF-8")
            .header("SOAPAction", T::NAME)
            .headers(trail::headers())
            .body(body)
            .send()
            .await
            .map_err(|error| failure::unsent_or_lost(error, self.config.timeout))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(failure::malformed(status, "it redirects elsewhere, which is not followed"));
        }
        let content_type = content_type(response.headers());
        let body = self.read_body(response).await?;
        parse::<T>(body, content_type).await.map_err(|error| failure::malformed(status, error))
    }

    /// Reads a body chunk by chunk: the size of one that is compressed is only known once it is not.
    async fn read_body(&self, mut response: Response) -> Result<Bytes, Lost> {
        let status = response.status();
        let mut body = BytesMut::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| failure::cut(error, status, self.config.timeout))?
        {
            if body.len() + chunk.len() > self.config.max_answer_bytes {
                return Err((Failure::TooLarge(self.config.max_answer_bytes), Delivery::Unknown));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
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

fn builder(config: &ClientConfig) -> ClientBuilder {
    Client::builder()
        .timeout(config.timeout)
        .connect_timeout(config.connect_timeout)
        // A redirect would carry the password in the body to another host; so would a proxy of the environment.
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .retry(reqwest::retry::never())
        .user_agent(format!("{}/{}", config.app_name, config.app_version))
}

fn content_type(headers: &HeaderMap<HeaderValue>) -> Option<String> {
    headers.get(CONTENT_TYPE)?.to_str().ok().map(Into::into)
}

async fn parse<T>(body: Bytes, content_type: Option<String>) -> Result<Reply<T::Answer>, ReadError>
where
    T: Operation<Answer: 'static>,
{
    let is_large = body.len() >= LARGE_ANSWER;
    let parse = move || read_answer::<T>(&body, content_type.as_deref());
    if !is_large {
        return parse();
    }
    match tokio::task::spawn_blocking(parse).await {
        Ok(reply) => reply,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ReadError { path: String::new(), reason: "the gateway is shutting down".into() }),
        },
    }
}

macro_rules! upstream {
    ($($method:ident($request:ident) -> $answer:ident;)+) => {
        #[async_trait]
        impl Upstream for IpsClient {
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
