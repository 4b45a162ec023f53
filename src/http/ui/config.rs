//! Configuration of the web UI, served as `board/config.json`.

use serde::Serialize;

use url::Url;

use crate::config::{Region, SessionMode, System};

/// Configuration of the web UI: version, environment and sign-in method of this gateway.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UiConfig {
    /// Version of the gateway.
    pub version: &'static str,
    /// Kind of IPS system that the gateway calls.
    pub environment: Environment,
    /// Region of Adobe's system, as in the settings; `None` for other systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'static str>,
    /// Credentials that callers sign in with.
    pub sign_in: SignInMethod,
    /// Whether a page can sign in for 8 hours, by `POST /session`.
    pub sessions: bool,
    /// Name or handle of the default company, for requests that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Sandbox users that the sign-in page of the demo offers; empty in other environments.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub users: Vec<DemoUser>,
}

/// Kind of IPS system that the gateway calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Environment {
    /// The demo's sandbox.
    Demo,
    /// A staging system of Adobe.
    Staging,
    /// A production system of Adobe.
    Production,
    /// A system at a custom URL.
    Custom,
}

/// Credentials that callers sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInMethod {
    /// IPS credentials: e-mail address and password, or an IMS access token.
    Ips,
    /// An API key of the gateway, which calls IPS with its service account.
    ApiKey,
}

/// User of the demo's sandbox.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoUser {
    /// E-mail address to sign in with.
    pub email: &'static str,
    /// Password; public, as the sandbox holds sample data only.
    pub password: &'static str,
    /// Access token, an alternative to e-mail address and password.
    pub access_token: &'static str,
    /// Role and companies of the user.
    pub about: String,
}

impl UiConfig {
    /// Derives the environment and region from the upstream's URL; `demo_users` are the users of the demo, `None` for other gateways.
    #[must_use]
    pub fn of(
        upstream: &Url,
        sign_in: SignInMethod,
        sessions: SessionMode,
        company: Option<String>,
        demo_users: Option<Vec<DemoUser>>,
    ) -> Self {
        let region = Region::at(upstream);
        let environment = match (&demo_users, region) {
            (Some(_), _) => Environment::Demo,
            (None, Some((_, System::Production))) => Environment::Production,
            (None, Some((_, System::Staging))) => Environment::Staging,
            (None, None) => Environment::Custom,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            environment,
            region: region.map(|(region, _)| region.name()),
            sign_in,
            sessions: sessions == SessionMode::On,
            company,
            users: demo_users.unwrap_or_default(),
        }
    }
}
