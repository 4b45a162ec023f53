//! Requests to a gateway.

use std::error::Error;
use std::time::Duration;

use clap::ArgMatches;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;

use super::credentials;
use super::error::ClientError;
use super::refusal::Refusal;
use super::variables::{self, GATEWAY};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time without a byte of an answer: more than a long poll takes.
const READ_TIMEOUT: Duration = Duration::from_secs(75);

/// A gateway, the credentials for it, and the company of all requests.
pub(super) struct GatewayConnection {
    http: Client,
    base: Url,
    company: Option<(&'static str, String)>,
}

/// A request to the gateway.
pub(super) struct GatewayRequest {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Option<String>,
}

impl GatewayRequest {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: HeaderMap::new(), body: None }
    }

    pub(super) fn query(mut self, query: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.query.extend(query);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn header_value(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    pub(super) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    pub(super) fn json(mut self, body: String) -> Self {
        self.headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body);
        self
    }
}

/// Bytes that are percent-encoded in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Path of a job, of which `id` is an id of the API or a handle of IPS, not percent-encoded.
pub(super) fn job_path(id: &str) -> String {
    format!("jobs/{}", utf8_percent_encode(id, ENCODED))
}

/// Complete answer without an error.
pub(super) struct GatewayAnswer {
    /// Whether nothing has changed (304).
    pub(super) is_unchanged: bool,
    pub(super) entity_tag: Option<HeaderValue>,
    body: String,
}

impl GatewayAnswer {
    pub(super) fn json(&self) -> Result<Value, ClientError> {
        serde_json::from_str(&self.body).map_err(|_| {
            ClientError::Unintelligible("the answer is not JSON: is this the address of an ips-gateway?".into())
        })
    }
}

impl GatewayConnection {
    /// Reads the address, the credentials and the company.
    pub(super) fn new(matches: &ArgMatches) -> Result<Self, ClientError> {
        let flag = |id: &str| matches.get_one::<String>(id).cloned();
        let address = match flag("gateway") {
            Some(address) => Some(address),
            None => variables::read(GATEWAY)?,
        };
        let Some(address) = address else {
            return Err(ClientError::Usage(format!("no gateway: set --gateway URL or {GATEWAY}")));
        };
        let base = base_url(&address)?;
        let company = flag("company_handle").map(|handle| ("companyHandle", handle));
        let company = company.or_else(|| flag("company").map(|name| ("company", name)));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, credentials::authorization(matches)?);
        let http = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("ips-gateway-client/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // A redirect would send a submit, or the credentials, elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        let http =
            http.build().map_err(|error| ClientError::Usage(format!("no HTTP client: {}", first_cause(&error))))?;
        Ok(Self { http, base, company })
    }

    /// Sends a request and returns the head of the answer; an error status is an error.
    pub(super) async fn open(&self, request: &GatewayRequest) -> Result<Response, ClientError> {
        let mut url = self.base.join(&request.path).map_err(|error| ClientError::Usage(error.to_string()))?;
        if !request.query.is_empty() || self.company.is_some() {
            url.query_pairs_mut().extend_pairs(&request.query).extend_pairs(&self.company);
        }
        let mut builder = self.http.request(request.method.clone(), url).headers(request.headers.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.text().await.unwrap_or_default();
        Err(ClientError::Refused(Box::new(Refusal::new(status.as_u16(), &body, seconds.map(Duration::from_secs)))))
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send(&self, request: &GatewayRequest) -> Result<GatewayAnswer, ClientError> {
        let response = self.open(request).await?;
        let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
        let entity_tag = response.headers().get(ETAG).cloned();
        let body = response.text().await.map_err(|error| self.unreachable(&error))?;
        Ok(GatewayAnswer { is_unchanged, entity_tag, body })
    }

    pub(super) fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        ClientError::Unreachable(format!("no answer from {}: {}", self.base, first_cause(error)))
    }
}

/// Parses the address of a gateway, with or without a path, and gives it a slash at the end.
fn base_url(address: &str) -> Result<Url, ClientError> {
    let usage = |reason: &str| ClientError::Usage(format!("the address of the gateway {reason}"));
    let mut url: Url = address.parse().map_err(|_| usage("is not a URL such as https://ips.example.com/"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(usage("begins with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(usage("must not contain credentials: other users of this machine can see it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(usage("has no query and no fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Returns the first cause of an error.
fn first_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".into();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_address_is_a_prefix() {
        for (address, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/jobs"),
            ("https://ips.example.com/ips", "https://ips.example.com/ips/jobs"),
            ("https://ips.example.com/ips/", "https://ips.example.com/ips/jobs"),
        ] {
            let url = base_url(address).expect("a base URL").join("jobs");
            assert_eq!(url.expect("a URL").as_str(), expected);
        }
        for refused in ["127.0.0.1:8080", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http://127.0.0.1/?a", "nowhere"]
        {
            assert!(base_url(refused).is_err(), "{refused}");
        }
    }
}
