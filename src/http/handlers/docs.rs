//! The OpenAPI document, from the binary itself.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::http::AppState;
use crate::http::openapi::{Version, in_version};
use crate::http::response::cache_headers::Cacheable;

/// What is served as documentation, made once.
pub struct Documents {
    openapi_3_0: Bytes,
    openapi_3_1: Bytes,
    openapi_3_2: Bytes,
}

impl Documents {
    /// Serves `openapi`, in all versions.
    #[must_use]
    pub fn new(openapi: &Value) -> Self {
        let written = |version| in_version(openapi.clone(), version).to_string().into();
        Self {
            openapi_3_0: written(Version::V3_0),
            openapi_3_1: written(Version::V3_1),
            openapi_3_2: written(Version::V3_2),
        }
    }
}

/// The OpenAPI document, in the version in which it is written.
pub async fn openapi_3_1(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    document(&request, &state.documents.openapi_3_1)
}

/// The same for generators that know only 3.0.
pub async fn openapi_3_0(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    document(&request, &state.documents.openapi_3_0)
}

/// The same with the items of its streams.
pub async fn openapi_3_2(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    document(&request, &state.documents.openapi_3_2)
}

fn document(request: &HttpRequest, document: &Bytes) -> HttpResponse {
    Cacheable::of_body(document).respond(request, || document.clone())
}
