//! Problem document (RFC 9457) of every error response.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use super::access_log::RequestId;
use super::security_headers::FOR_BROWSERS;
use crate::http::AppState;
use crate::http::problem::Problem;

/// By this browsers tell requests of scripts from pages that are opened (W3C Fetch Metadata).
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Gives every error a problem document that holds the id of the request.
///
/// # Errors
/// Never: an error of the service becomes an answer.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = RequestId::known(&request);
    let state = request.app_data::<Data<AppState>>();
    let prefix = state.map(|state| state.prefix.clone()).unwrap_or_default();
    let from_script = request.headers().get(SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate");
    let challenge =
        state.map(|state| if from_script { state.access.challenge_to_scripts() } else { state.access.challenge() });
    let safe = request.method().is_safe();
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let own = response.response().error().and_then(|error| error.as_error::<Problem>());
        let own_or_generic;
        let problem = match own {
            Some(problem) if safe => problem,
            Some(problem) => {
                own_or_generic = problem.of_change();
                &own_or_generic
            }
            None => {
                own_or_generic = Problem::from_status(status);
                &own_or_generic
            }
        };
        let body = serde_json::to_string(&problem.document(request_id.as_str(), &prefix))?;
        let mut answer = HttpResponse::build(status).content_type("application/problem+json").body(body);
        for (name, value) in response.headers() {
            if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
                answer.headers_mut().append(name.clone(), value.clone());
            }
        }
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED
            && let Some(challenge) = challenge
        {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response = response.into_response(answer);
    }
    for (name, value) in FOR_BROWSERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
