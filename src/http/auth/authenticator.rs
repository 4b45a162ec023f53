//! Authenticator: determines the caller of a request and its role.

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpMessage, HttpRequest};

use crate::http::auth::api_keys::ApiKeys;
use crate::http::auth::credentials::{api_key, ips_credentials, locale};
use crate::http::auth::role::Role;
use crate::http::problem::Problem;
use crate::upstream::{Caller, CredentialSource, Credentials};

/// Header by which browsers distinguish requests of scripts from navigation (W3C Fetch Metadata).
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Authentication method of the gateway.
pub enum Authenticator {
    /// Callers send IPS credentials, which are passed through.
    IpsCredentials,
    /// Callers send an API key; the gateway calls IPS with its service account.
    ApiKeys {
        /// Keys of the callers.
        keys: ApiKeys,
        /// Credentials of the service account.
        account: Credentials,
    },
}

/// Authenticated caller of a request.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Caller on whose behalf IPS is called.
    pub caller: Caller,
    /// Role of the API key; `Operator` with IPS credentials, whose permissions IPS checks.
    pub role: Role,
}

impl Authenticator {
    /// Returns the principal of a request. The result is stored in the request's extensions and returned again by later calls.
    ///
    /// # Errors
    /// 401: the credentials are missing, malformed or, if they are an API key, unknown. 400: a header with credentials is repeated.
    pub fn authenticate(&self, request: &HttpRequest) -> Result<Principal, Problem> {
        if let Some(principal) = request.extensions().get::<Principal>() {
            return Ok(principal.clone());
        }
        let principal = self.principal(request.headers())?;
        request.extensions_mut().insert(principal.clone());
        Ok(principal)
    }

    fn principal(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let locale = locale(headers);
        match self {
            Self::IpsCredentials => {
                let caller = Caller {
                    credentials: ips_credentials(headers)?,
                    source: CredentialSource::Caller,
                    companies: None,
                    api_key_hash: None,
                    locale,
                };
                Ok(Principal { caller, role: Role::Operator })
            }
            Self::ApiKeys { keys, account } => {
                let key =
                    keys.find(api_key(headers)?).ok_or_else(|| Problem::unauthenticated("the API key is unknown"))?;
                let caller = Caller {
                    credentials: account.clone(),
                    source: CredentialSource::Gateway,
                    companies: key.companies(),
                    api_key_hash: Some(key.hash()),
                    locale,
                };
                Ok(Principal { caller, role: key.role() })
            }
        }
    }

    /// Returns the credentials of the service account, if the gateway has one.
    #[must_use]
    pub fn service_account(&self) -> Option<&Credentials> {
        match self {
            Self::IpsCredentials => None,
            Self::ApiKeys { account, .. } => Some(account),
        }
    }

    /// Returns the `WWW-Authenticate` of a 401 response to a request with these headers (RFC 9110 §11.6.1). Requests of scripts get no
    /// `Basic` challenge: the browser would open its own sign-in dialog and the script would wait for it.
    #[must_use]
    pub fn challenge(&self, headers: &HeaderMap) -> &'static str {
        let is_script = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate");
        match self {
            Self::IpsCredentials if is_script => "Bearer realm=\"IPS\"",
            Self::IpsCredentials => "Basic realm=\"IPS\", charset=\"UTF-8\", Bearer realm=\"IPS\"",
            Self::ApiKeys { .. } => "Bearer realm=\"ips-gateway\"",
        }
    }
    /// Returns the names of the request headers with credentials, on which responses depend (`Vary`, RFC 9110 §12.5.5).
    #[must_use]
    pub fn credential_headers(&self) -> &'static str {
        match self {
            Self::IpsCredentials => "Authorization",
            Self::ApiKeys { .. } => "Authorization, X-API-Key",
        }
    }
}
