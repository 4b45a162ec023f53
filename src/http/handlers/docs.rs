//! `/openapi.json`, `/openapi-3.0.json` and `/openapi-3.2.json`: the OpenAPI document.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::http::AppState;
use crate::http::openapi::{Version, in_version};
use crate::http::response::cache_headers::CacheHeaders;

/// OpenAPI document in all versions, serialized once.
pub struct Documents {
    openapi_3_0: Bytes,
    openapi_3_1: Bytes,
    openapi_3_2: Bytes,
}

impl Documents {
    /// Serializes all versions of the OpenAPI 3.1 document `openapi`.
    #[must_use]
    pub fn new(openapi: &Value) -> Self {
        let serialize = |version| in_version(openapi.clone(), version).to_string().into();
        Self {
            openapi_3_0: serialize(Version::V3_0),
            openapi_3_1: serialize(Version::V3_1),
            openapi_3_2: serialize(Version::V3_2),
        }
    }
}

/// `GET /openapi.json`: OpenAPI 3.1, the version of the committed document.
pub async fn openapi_3_1(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents.openapi_3_1)
}

/// `GET /openapi-3.0.json`: OpenAPI 3.0, for generators without support for 3.1.
pub async fn openapi_3_0(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents.openapi_3_0)
}

/// `GET /openapi-3.2.json`: OpenAPI 3.2, which has schemas for the events of a stream.
pub async fn openapi_3_2(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents.openapi_3_2)
}

fn respond(request: &HttpRequest, document: &Bytes) -> HttpResponse {
    CacheHeaders::of_body(document).respond(request, || document.clone())
}
