//! SOAP header `authHeader`: credentials, locale and application of a caller.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// `authHeader` of a request.
#[derive(Clone, Default)]
pub struct AuthHeader {
    /// E-mail address of the IPS user.
    pub user: Option<String>,
    /// Password of the user.
    pub password: Option<SecretString>,
    /// IMS access token, instead of user and password.
    pub access_token: Option<SecretString>,
    /// SAML response, instead of user and password.
    pub saml_response: Option<SecretString>,
    /// Language of log messages, `ll[-CC]`.
    pub locale: Option<String>,
    /// Name of the calling application.
    pub app_name: String,
    /// Version of the calling application.
    pub app_version: String,
    /// Whether IPS compresses its answer; overrides `Accept-Encoding`.
    pub gzip_response: Option<bool>,
    /// HTTP status of faults, instead of 500.
    pub fault_http_status_code: Option<i32>,
}

impl fmt::Debug for AuthHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthHeader")
            .field("user", &self.user.as_ref().map(|_| "[REDACTED]"))
            .field("password", &self.password)
            .field("access_token", &self.access_token)
            .field("saml_response", &self.saml_response)
            .field("locale", &self.locale)
            .field("app_name", &self.app_name)
            .field("app_version", &self.app_version)
            .field("gzip_response", &self.gzip_response)
            .field("fault_http_status_code", &self.fault_http_status_code)
            .finish()
    }
}

/// Wire form of an [`AuthHeader`], with plain secrets: borrowed ones of type `&str` while it is written, `String` while it is read.
#[derive(Serialize, Deserialize)]
#[serde(rename = "AuthHeader", rename_all = "camelCase")]
pub(super) struct WireAuthHeader<T> {
    user: Option<T>,
    password: Option<T>,
    access_token: Option<T>,
    saml_response: Option<T>,
    locale: Option<T>,
    app_name: T,
    app_version: T,
    gzip_response: Option<bool>,
    fault_http_status_code: Option<i32>,
}

impl<'a> From<&'a AuthHeader> for WireAuthHeader<&'a str> {
    fn from(header: &'a AuthHeader) -> Self {
        Self {
            user: header.user.as_deref(),
            password: header.password.as_ref().map(SecretString::expose_secret),
            access_token: header.access_token.as_ref().map(SecretString::expose_secret),
            saml_response: header.saml_response.as_ref().map(SecretString::expose_secret),
            locale: header.locale.as_deref(),
            app_name: &header.app_name,
            app_version: &header.app_version,
            gzip_response: header.gzip_response,
            fault_http_status_code: header.fault_http_status_code,
        }
    }
}

impl From<WireAuthHeader<String>> for AuthHeader {
    fn from(header: WireAuthHeader<String>) -> Self {
        Self {
            user: header.user,
            password: header.password.map(Into::into),
            access_token: header.access_token.map(Into::into),
            saml_response: header.saml_response.map(Into::into),
            locale: header.locale,
            app_name: header.app_name,
            app_version: header.app_version,
            gzip_response: header.gzip_response,
            fault_http_status_code: header.fault_http_status_code,
        }
    }
}
