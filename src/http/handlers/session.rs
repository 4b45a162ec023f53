//! `/session`: sign-in of a page of the gateway for 8 hours.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::SubsecRound;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::auth::{Authenticated, SESSION_LIFETIME, SessionError, is_of_own_page};
use crate::http::extract::{IfMatch, NoParams, Query};
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::http::request_context::{Principal, RequestContext};
use crate::http::response::HandlerResult;
use crate::ips::types::Timestamp;
use crate::jobs::to_timestamp;
use crate::runtime::clock::Clock;
use crate::upstream::Credentials;

/// Whether the caller is signed in.
#[derive(Serialize, ToSchema)]
pub struct SessionStatus {
    /// Whether `POST /session` signs in: the operator can switch sessions off.
    available: bool,
    /// The session; absent if the request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session: Option<SignedInSession>,
}

/// Session of a page of the gateway.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedInSession {
    /// Kind of the credentials that the session has.
    method: SessionMethod,
    /// E-mail address of the IPS user, or name of the API key; absent with an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "katlyn@example.com")]
    name: Option<String>,
    /// Time at which it expires.
    expires_at: Timestamp,
}

/// Kind of the credentials of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SessionMethod {
    /// E-mail address and password of an IPS user.
    Password,
    /// IMS access token.
    AccessToken,
    /// API key of the gateway.
    ApiKey,
}

impl SignedInSession {
    /// Returns the session of a principal that expires at `end`.
    fn of(principal: &Principal, end: Instant, clock: &Clock) -> Self {
        let (method, name) = match (&principal.caller.api_key_hash, principal.caller.credentials()) {
            (Some(_), _) => (SessionMethod::ApiKey, Some(principal.name.to_string())),
            (None, Credentials::Password { user, .. }) => (SessionMethod::Password, Some(user.clone())),
            (None, Credentials::AccessToken(_)) => (SessionMethod::AccessToken, None),
        };
        let expires_at = clock.now() + end.saturating_duration_since(Instant::now());
        // Whole seconds: the two clocks were read at different times.
        Self { method, name, expires_at: to_timestamp(expires_at.round_subsecs(0)) }
    }
}

/// Read the session
///
/// Whether the request has a session, of whom, and until when. Without one, and with one that is not valid, `session` is absent: the response is
/// no error. Asks IPS for nothing.
#[utoipa::path(
    get, path = "/session", operation_id = "getSession", tag = components::SESSIONS, security(()),
    responses((status = 200, description = "The session", body = SessionStatus), components::PublicProblemResponses),
)]
pub async fn read(state: Data<AppState>, _: Query<NoParams>) -> HandlerResult {
    let context = RequestContext::current();
    let session = context.principal.get().and_then(|principal| {
        let end = principal.session_end?;
        Some(SignedInSession::of(principal, end, &state.clock))
    });
    Ok(response(&SessionStatus { available: state.auth.sessions.is_some(), session }, None))
}

/// Sign in
///
/// Stores the credentials of the request in a cookie of the browser for 8 hours, encrypted, if IPS accepts them. Scripts can't read the cookie
/// (`HttpOnly`), and it signs in only pages of this gateway, in requests without other credentials: `Sec-Fetch-Site`, `Origin` or `Referer`
/// have to name its own origin, here too; otherwise 403. Meant for the board; other clients send credentials with each request. 404 if the
/// operator has switched sessions off, 431 if the credentials are too long for a cookie.
#[utoipa::path(
    post, path = "/session", operation_id = "signIn", tag = components::SESSIONS,
    responses((status = 200, description = "The session", body = SessionStatus, headers(("Set-Cookie"))), components::ProblemResponses),
)]
pub async fn create(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    if_match: IfMatch,
) -> HandlerResult {
    if_match.check_untagged()?;
    let sessions = state.auth.sessions.as_ref().ok_or_else(Problem::sessions_off)?;
    let principal = state.auth.authenticator.authenticate(&request)?;
    if principal.session_end.is_some() {
        return Err(Problem::unauthenticated("a session can't be prolonged: the request has no credentials"));
    }
    if !is_of_own_page(request.method(), request.headers()) {
        return Err(Problem::not_for_session("sessions are for pages of this gateway: the request is of no such page"));
    }
    let (jobs, owner) = (state.jobs.clone(), caller.clone());
    state.run_in_background(async move { jobs.companies().memberships(&owner).await }).await?;
    let cookie = sessions.issue(&request, &caller).await.map_err(|error| match error {
        SessionError::TooLong => Problem::session_too_long(error.to_string()),
        SessionError::NotEncrypted => Problem::internal(error.to_string()),
    })?;
    let session = SignedInSession::of(&principal, Instant::now() + SESSION_LIFETIME, &state.clock);
    Ok(response(&SessionStatus { available: true, session: Some(session) }, Some(cookie)))
}

/// Sign out
///
/// Removes the cookie of the session from the browser. Answers 204 also without a session.
#[utoipa::path(
    delete, path = "/session", operation_id = "signOut", tag = components::SESSIONS, security(()),
    responses((status = 204, description = "The session is ended", headers(("Set-Cookie"))), components::PublicProblemResponses),
)]
pub async fn end(state: Data<AppState>, request: HttpRequest, if_match: IfMatch) -> HandlerResult {
    if_match.check_untagged()?;
    let cookie = state.auth.sessions.as_ref().map(|sessions| sessions.expire(&request));
    let mut response = HttpResponse::NoContent();
    if let Some(cookie) = cookie {
        response.insert_header((header::SET_COOKIE, cookie));
    }
    Ok(response.finish())
}

fn response(status: &SessionStatus, cookie: Option<HeaderValue>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.insert_header((header::SET_COOKIE, cookie));
    }
    response.json(status)
}
