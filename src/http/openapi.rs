//! A stand-in until the routes come.

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApi::default()
}
