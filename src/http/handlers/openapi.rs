//! `/openapi.json`, `/openapi-3.0.json` and `/openapi-3.2.json`: the OpenAPI document.

use std::sync::{LazyLock, OnceLock};

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::http::AppState;
use crate::http::openapi::{Version, in_version};
use crate::http::response::cache_headers::CacheHeaders;

/// OpenAPI document in all versions. Each is serialized at the first request for it.
pub struct Documents {
    document: LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>,
    openapi_3_0: OnceLock<Bytes>,
    openapi_3_1: OnceLock<Bytes>,
    openapi_3_2: OnceLock<Bytes>,
}

impl Documents {
    /// Creates the documents from `openapi_3_1`, which runs at the first request for one of them.
    #[must_use]
    pub fn new(openapi_3_1: impl FnOnce() -> Value + Send + 'static) -> Self {
        Self {
            document: LazyLock::new(Box::new(openapi_3_1)),
            openapi_3_0: OnceLock::new(),
            openapi_3_1: OnceLock::new(),
            openapi_3_2: OnceLock::new(),
        }
    }

    fn serialized(&self, version: Version) -> Bytes {
        let serialized = match version {
            Version::V3_0 => &self.openapi_3_0,
            Version::V3_1 => &self.openapi_3_1,
            Version::V3_2 => &self.openapi_3_2,
        };
        serialized.get_or_init(|| in_version(self.document.clone(), version).to_string().into()).clone()
    }
}

/// `GET /openapi.json`: OpenAPI 3.1, the version of the committed document.
pub async fn openapi_3_1(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents, Version::V3_1)
}

/// `GET /openapi-3.0.json`: OpenAPI 3.0, for generators without support for 3.1.
pub async fn openapi_3_0(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents, Version::V3_0)
}

/// `GET /openapi-3.2.json`: OpenAPI 3.2, which has schemas for the events of a stream.
pub async fn openapi_3_2(state: Data<AppState>, request: HttpRequest) -> HttpResponse {
    respond(&request, &state.documents, Version::V3_2)
}

fn respond(request: &HttpRequest, documents: &Documents, version: Version) -> HttpResponse {
    let document = documents.serialized(version);
    CacheHeaders::of_body(&document).respond(request, || document)
}
