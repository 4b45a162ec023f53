//! What the pages are told of the gateway that they come from.

use serde::Serialize;

use crate::config::{Region, System, Upstream};

/// What the pages are told.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageConfig {
    /// The version of the gateway.
    pub version: &'static str,
    /// Which IPS it asks.
    pub environment: Environment,
    /// The region of that, as in the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'static str>,
    /// What callers show to be let in.
    pub sign_in: SignIn,
    /// The company, by name or handle, of requests that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whoever anybody may sign in as; only in the demo.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub users: Vec<DemoUser>,
}

/// Which IPS the gateway asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Environment {
    /// A sandbox of its own.
    Demo,
    /// A staging system of Adobe.
    Staging,
    /// A production system of Adobe.
    Production,
    /// Another one.
    Custom,
}

/// What callers show to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SignIn {
    /// Credentials of IPS.
    Ips,
    /// An API key of the gateway.
    ApiKey,
}

/// A user of the demo's sandbox.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoUser {
    /// The e-mail address to sign in with.
    pub email: &'static str,
    /// The password, which is no secret.
    pub password: &'static str,
    /// An access token that works instead of both.
    pub access_token: &'static str,
    /// Who that is.
    pub about: String,
}

impl PageConfig {
    /// Those of a gateway before this IPS; with users that anybody may sign in as it is the demo.
    #[must_use]
    pub fn of(upstream: &Upstream, sign_in: SignIn, company: Option<String>, users: Vec<DemoUser>) -> Self {
        let known = Region::at(&upstream.url);
        let environment = match known {
            _ if !users.is_empty() => Environment::Demo,
            Some((_, System::Production)) => Environment::Production,
            Some((_, System::Staging)) => Environment::Staging,
            None => Environment::Custom,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            environment,
            region: known.map(|(region, _)| region.name()),
            sign_in,
            company,
            users,
        }
    }
}
