//! A response of the gateway, with assertions that print all of it when they fail.

use std::fmt;

use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde_json::Value;

/// A response with its body.
pub struct Answer {
    /// The request line.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as received.
    pub body: Vec<u8>,
    /// The URL of the request.
    pub url: Url,
    pub client: Client,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n→ {}", self.request, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(json) => write!(f, "{json:#}"),
            Err(_) => write!(f, "{}", self.text()),
        }
    }
}

impl Answer {
    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Asserts status 200 and returns the body.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).json()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON: {error}{self}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A required header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.find_header(name).unwrap_or_else(|| panic!("no header {name}{self}"))
    }

    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// The `rel="next"` of the `Link` header: a query string.
    #[track_caller]
    pub fn next_link(&self) -> Option<String> {
        let link = self.find_header("link")?;
        let query = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        Some(query.unwrap_or_else(|| panic!("no link to a next page{self}")).to_owned())
    }

    /// Asserts a problem document of this kind with all common members, and that the page of its type exists.
    pub async fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "expected {code}{self}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        assert_eq!(self.header("cache-control"), "no-store", "{self}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status, "{self}");
        assert_eq!(problem["requestId"], self.header("x-request-id"), "{self}");
        assert!(problem["retryable"].is_boolean(), "{self}");
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}{self}");
        }
        let page = problem["type"].as_str().unwrap_or_else(|| panic!("no type{self}"));
        assert!(page.ends_with(&format!("problems/{code}")), "{self}");
        let page = self.url.join(page).unwrap_or_else(|error| panic!("{error}{self}"));
        let explained = self.client.get(page.clone()).send().await.expect("the gateway answers");
        assert_eq!(explained.status(), 200, "{page} explains{self}");
        problem
    }

    /// Asserts an `invalid-request` problem about this parameter only; returns its detail.
    pub async fn invalid_parameter(&self, parameter: &str) -> String {
        self.invalid("parameter", parameter).await
    }

    /// Asserts an `invalid-request` problem about this JSON pointer only; returns its detail.
    pub async fn invalid_body(&self, pointer: &str) -> String {
        self.invalid("pointer", pointer).await
    }

    async fn invalid(&self, member: &str, place: &str) -> String {
        let problem = self.problem(422, "invalid-request").await;
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors{self}"));
        assert_eq!(errors.len(), 1, "one error{self}");
        assert_eq!(errors[0][member], place, "{self}");
        errors[0]["detail"].as_str().unwrap_or_else(|| panic!("no detail{self}")).to_owned()
    }
}
