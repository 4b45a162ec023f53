//! Authenticator: determines the caller of a request and its role.

use std::future::pending;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};
use tokio::time::{Instant, sleep_until};

use crate::http::auth::api_keys::ApiKey;
use crate::http::auth::credentials::{api_key, ips_credentials, locale};
use crate::http::auth::key_store::{KeyFileValidity, KeyStore, KeyWatch};
use crate::http::auth::origin::SEC_FETCH_MODE;
use crate::http::auth::principal_names::PrincipalNames;
use crate::http::problem::Problem;
use crate::http::request_context::{Principal, PrincipalCell, RequestContext, Role};
use crate::upstream::{Caller, CredentialSource, Credentials};

/// Authentication method of the gateway.
pub enum Authenticator {
    /// Callers send IPS credentials, which are passed through.
    IpsCredentials(PrincipalNames),
    /// Callers send an API key; the gateway calls IPS with its service account.
    ApiKeys {
        /// Keys of the callers.
        keys: Arc<KeyStore>,
        /// Credentials of the service account.
        account: Credentials,
    },
}

/// Mark of a request with a session that is not valid and without credentials.
#[derive(Debug, Clone, Copy)]
pub struct InvalidSession;

/// Watch of the access of a caller whose response takes long.
pub struct AccessWatch {
    key: Option<KeyWatch>,
    session_end: Option<Instant>,
}

impl AccessWatch {
    /// Completes when the API key of the caller is revoked, or permits something else than before, and when its session expires. IPS
    /// credentials are checked by IPS.
    pub async fn ended(&mut self) {
        let key_ended = async {
            match &mut self.key {
                Some(key) => key.ended().await,
                None => pending().await,
            }
        };
        match self.session_end {
            Some(end) => tokio::select! {
                () = key_ended => {}
                () = sleep_until(end) => {}
            },
            None => key_ended.await,
        }
    }
}

impl Authenticator {
    /// Returns the principal of the request that the current task handles. The result is stored in the request context and returned again by
    /// later calls.
    ///
    /// # Errors
    /// 401: the credentials are missing, malformed or, if they are an API key, unknown. 400: a header with credentials is repeated.
    pub fn authenticate(&self, request: &HttpRequest) -> Result<Principal, Problem> {
        self.authenticate_as(&RequestContext::current().principal, request)
    }

    /// Returns the principal of a request like [`Authenticator::authenticate`], and stores it in `cell`.
    ///
    /// # Errors
    /// Those of [`Authenticator::authenticate`].
    pub fn authenticate_as(&self, cell: &PrincipalCell, request: &HttpRequest) -> Result<Principal, Problem> {
        if let Some(principal) = cell.get() {
            return Ok(principal.clone());
        }
        let principal = self.principal(request.headers()).map_err(|problem| {
            let has_session = request.extensions().contains::<InvalidSession>();
            if has_session {
                Problem::unauthenticated("the session has expired or ended: sign in again")
            } else {
                problem
            }
        })?;
        cell.set(principal.clone());
        Ok(principal)
    }

    fn principal(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let locale = locale(headers);
        match self {
            Self::IpsCredentials(names) => {
                let credentials = ips_credentials(headers)?;
                let name = names.name(&credentials);
                let caller = Caller::new(credentials, CredentialSource::Caller).with_locale(locale).into();
                Ok(Principal { caller, role: Role::Operator, name, session_end: None })
            }
            Self::ApiKeys { keys, account } => {
                let keys = keys.keys();
                let key =
                    keys.find(api_key(headers)?).ok_or_else(|| Problem::unauthenticated("the API key is unknown"))?;
                Ok(principal_of(key, account, locale))
            }
        }
    }

    /// Returns the principal of the caller of a ticket or a session, with what its API key permits now. `None` if the key is no longer in use,
    /// or if the credentials are not of the kind that this gateway takes.
    #[must_use]
    pub fn principal_of_issued(&self, caller: &Caller) -> Option<Principal> {
        match self {
            Self::IpsCredentials(names) if caller.source == CredentialSource::Caller => {
                let name = names.name(caller.credentials());
                Some(Principal { caller: caller.clone().into(), role: Role::Operator, name, session_end: None })
            }
            Self::ApiKeys { keys, account } => {
                let keys = keys.keys();
                let key = keys.find_by_hash(caller.api_key_hash.as_deref()?)?;
                Some(principal_of(key, account, caller.locale.clone()))
            }
            Self::IpsCredentials(_) => None,
        }
    }

    /// Returns a watch of the access of `principal`.
    ///
    /// # Errors
    /// 401: its API key is no longer in use.
    pub fn watch(&self, principal: &Principal) -> Result<AccessWatch, Problem> {
        let key = match (self, &principal.caller.api_key_hash) {
            (Self::ApiKeys { keys, .. }, Some(hash)) => {
                Some(keys.watch(hash).ok_or_else(|| Problem::unauthenticated("the API key is unknown"))?)
            }
            _ => None,
        };
        Ok(AccessWatch { key, session_end: principal.session_end })
    }

    /// Returns whether the file of API keys was valid when it was last read; `None` without API keys.
    #[must_use]
    pub fn key_file_validity(&self) -> Option<KeyFileValidity> {
        match self {
            Self::IpsCredentials(_) => None,
            Self::ApiKeys { keys, .. } => Some(keys.validity()),
        }
    }

    /// Returns the credentials of the service account, if the gateway has one.
    #[must_use]
    pub fn service_account(&self) -> Option<&Credentials> {
        match self {
            Self::IpsCredentials(_) => None,
            Self::ApiKeys { account, .. } => Some(account),
        }
    }

    /// Returns the `WWW-Authenticate` of a 401 response to a request with these headers (RFC 9110 §11.6.1). Requests of scripts get no
    /// `Basic` challenge: the browser would open its own sign-in dialog and the script would wait for it.
    #[must_use]
    pub fn challenge(&self, headers: &HeaderMap) -> &'static str {
        let is_script = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate");
        match self {
            Self::IpsCredentials(_) if is_script => "Bearer realm=\"IPS\"",
            Self::IpsCredentials(_) => "Basic realm=\"IPS\", charset=\"UTF-8\", Bearer realm=\"IPS\"",
            Self::ApiKeys { .. } => "Bearer realm=\"ips-gateway\"",
        }
    }
}

/// Returns the principal of an API key.
fn principal_of(key: &ApiKey, account: &Credentials, locale: Option<String>) -> Principal {
    let caller = Caller::service(account).with_api_key(Some(key.hash()), key.companies()).with_locale(locale);
    Principal { caller: caller.into(), role: key.role(), name: key.name(), session_end: None }
}
