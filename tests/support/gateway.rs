//! A gateway in this process, and a client of it that authenticates as a user of the sandbox.

use std::future::{Future, IntoFuture, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ips_gateway::app::{self, AccountCheck, Dependencies};
use ips_gateway::config::{Config, Sources};
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::backoff::Backoff;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::runtime::timing::Timing;
use ips_gateway::sandbox::users::{ORDINARY, User};
use ips_gateway::server::ShutdownIncomplete;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Answer;
use super::http_client::http_client_builder;

/// A gateway, and the credentials of its client.
#[derive(Clone)]
pub struct Gateway {
    /// Origin and path prefix.
    base: String,
    client: Client,
    caller: Caller,
    _serving: Arc<Serving>,
}

#[derive(Clone)]
enum Caller {
    Nobody,
    Password(String, String),
    Token(String),
}

/// Intervals that cost tests no time.
fn short_timing() -> Timing {
    let timing = Timing::default();
    let shortened = |duration: Duration| duration / 50;
    Timing {
        read_retry: Backoff { first: shortened(timing.read_retry.first), ..timing.read_retry },
        key_file_poll: shortened(timing.key_file_poll),
        submit_recovery: timing.submit_recovery.map(shortened),
        ..timing
    }
}

/// Stops the gateway with its last client.
struct Serving(JoinHandle<Result<(), ShutdownIncomplete>>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Gateway {
    /// Starts a gateway in front of this IPS. Settings are variables without `IPS_GATEWAY_`.
    pub fn start(url: &str, version: &ApiVersion, clock: &Clock, settings: &[(&str, &str)]) -> Self {
        // No call that a test does not expect.
        let account_check = AccountCheck::WithFirstCall;
        let dependencies =
            Dependencies { clock: clock.clone(), timing: short_timing(), account_check, ..Dependencies::default() };
        Self::start_in(dependencies, url, version, settings)
    }

    /// Starts a gateway with these dependencies.
    pub fn start_in(dependencies: Dependencies, url: &str, version: &ApiVersion, settings: &[(&str, &str)]) -> Self {
        let given = [("LISTEN", "127.0.0.1:0")].iter().chain(settings);
        let variables =
            given.map(|(name, value)| (format!("IPS_GATEWAY_{name}").into(), (*value).into())).collect::<Vec<_>>();
        let sources = Sources { variables, ..Sources::default() };
        let upstream = url.parse().expect("a URL");
        let config = Config::read_for(&sources, upstream, version.clone()).expect("good settings");
        let server = app::build(&config, dependencies).expect("it can be built");
        let base = format!("http://{}{}", server.address(), config.listen.path_prefix);
        // Responses are neither decompressed nor redirected.
        let client = http_client_builder().timeout(Duration::from_secs(45)).no_gzip().redirect(Policy::none());
        let caller = Caller::Password(ORDINARY.email.into(), ORDINARY.password.into());
        let serving = Arc::new(Serving(tokio::spawn(server.run_until(pending()))));
        Self { base, client: client.build().expect("a client"), caller, _serving: serving }
    }

    /// Address and port.
    pub fn address(&self) -> &str {
        self.base.split('/').nth(2).unwrap_or_else(|| panic!("no address: {}", self.base))
    }

    /// The same gateway, with the credentials of another user.
    pub fn as_user(&self, user: &User) -> Self {
        Self { caller: Caller::Password(user.email.into(), user.password.into()), ..self.clone() }
    }

    /// The same gateway, with this user and password.
    pub fn with_password(&self, user: &str, password: &str) -> Self {
        Self { caller: Caller::Password(user.into(), password.into()), ..self.clone() }
    }

    /// The same gateway, with an access token or API key.
    pub fn with_token(&self, token: &str) -> Self {
        Self { caller: Caller::Token(token.into()), ..self.clone() }
    }

    /// The same gateway, without credentials.
    pub fn unauthenticated(&self) -> Self {
        Self { caller: Caller::Nobody, ..self.clone() }
    }

    /// The same gateway, without its path prefix.
    pub fn without_prefix(&self) -> Self {
        let root = self.base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        Self { base: root, ..self.clone() }
    }

    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    pub fn head(&self, path: &str) -> Request {
        self.request(Method::HEAD, path)
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// A POST without a body.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A POST of JSON.
    pub fn post_json(&self, path: &str, body: &Value) -> Request {
        self.post(path).header("Content-Type", "application/json").body(body.to_string())
    }

    /// Submits a job; returns it as in the response.
    #[track_caller]
    pub fn submit(&self, body: &Value) -> impl Future<Output = Value> + use<> {
        let request = self.post_json("/jobs", body);
        async move { request.await.expect(202).json() }
    }

    /// The job of this id, with `no-cache`.
    pub async fn job(&self, id: &str) -> Value {
        self.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await.ok()
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.base);
        let line = format!("{method} {path}");
        let builder = self.client.request(method, url);
        let builder = match &self.caller {
            Caller::Nobody => builder,
            Caller::Password(user, password) => builder.basic_auth(user, Some(password)),
            Caller::Token(token) => builder.bearer_auth(token),
        };
        Request { line, builder, client: self.client.clone() }
    }
}

/// A request to the gateway: await it for the response.
pub struct Request {
    line: String,
    builder: RequestBuilder,
    client: Client,
}

impl Request {
    /// The method and the path.
    pub fn line(&self) -> &str {
        &self.line
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.body(body), ..self }
    }

    pub fn query(self, parameters: &[(&str, &str)]) -> Self {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let (builder, line) = (self.builder.build().expect("a request"), format!("{}?{query}", self.line));
        let mut request = builder;
        request.url_mut().set_query(Some(&query));
        Self { builder: RequestBuilder::from_parts(self.client.clone(), request), line, ..self }
    }

    /// Sends the request and returns the response without reading its body.
    pub async fn open(self) -> Response {
        let Self { line: request, builder, .. } = self;
        builder.send().await.unwrap_or_else(|error| panic!("{request}: {error:?}"))
    }

    async fn send(self) -> Answer {
        let (request, client) = (self.line.clone(), self.client.clone());
        let response = self.open().await;
        let (status, headers, url) = (response.status().as_u16(), response.headers().clone(), response.url().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{request}: {error:?}")).to_vec();
        Answer { request, status, headers, body, url, client }
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
