//! Static files of the web UI, embedded in the binary, with entity tags and gzip.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::config::UiConfig;
use crate::http::openapi;
use crate::http::response::cache_headers::{is_not_modified, prefers_gzip};
use crate::jobs::weak_etag;

/// Files of the board and of Swagger UI by their URL path, compressed with gzip by the build script.
const FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/web_ui.rs"));
/// Path and content of the schemas of a submit, from which the board makes its form: a fifth of the OpenAPI document, made at the first request.
const SUBMIT_SCHEMAS_PATH: &str = "board/submit-schemas.json";
static SUBMIT_SCHEMAS: LazyLock<Asset> = LazyLock::new(|| {
    let schemas = Value::Object(openapi::schemas_of(&openapi::committed(), "SubmitJobParam"));
    Asset::new(SUBMIT_SCHEMAS_PATH, Body::Plain(schemas.to_string().into()))
});

/// All files of the web UI by their URL path, relative to the gateway's root: `index.html`, `board/…` and `swagger-ui/…`.
pub struct UiAssets(HashMap<String, Asset>);

impl UiAssets {
    /// Prepares the files; `config` is served as `board/config.json`.
    ///
    /// # Panics
    /// Never: the configuration is serializable.
    #[must_use]
    pub fn new(config: &UiConfig) -> Self {
        let mut assets = HashMap::new();
        let mut add = |path: String, body: Body| {
            let asset = Asset::new(&path, body);
            assets.insert(path, asset);
        };
        for (path, gzip) in FILES {
            let path = if *path == "board/index.html" { "index.html" } else { path };
            add(path.into(), Body::Gzip(Bytes::from_static(gzip)));
        }
        let config = serde_json::to_vec(config).expect("UiConfig is serializable");
        add("board/config.json".into(), Body::Plain(config.into()));
        Self(assets)
    }

    /// Returns the file of a URL path.
    pub fn get(&self, path: &str) -> Option<&Asset> {
        if path == SUBMIT_SCHEMAS_PATH { Some(&*SUBMIT_SCHEMAS) } else { self.0.get(path) }
    }
}

/// Content of a file, as it is embedded in the binary.
enum Body {
    Plain(Bytes),
    Gzip(Bytes),
}

/// Static file with its content type and its weak entity tag. The representation that is not embedded is made at the first request for it.
pub struct Asset {
    content_type: &'static str,
    etag: String,
    plain: OnceLock<Bytes>,
    gzip: OnceCell<Bytes>,
}

impl Asset {
    /// The content type follows from the extension of `path`.
    fn new(path: &str, body: Body) -> Self {
        let content_type = match path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        };
        let (Body::Plain(bytes) | Body::Gzip(bytes)) = &body;
        let etag = weak_etag(&Sha256::digest(bytes));
        let (plain, gzip) = match body {
            Body::Plain(bytes) => (OnceLock::from(bytes), OnceCell::new()),
            Body::Gzip(bytes) => (OnceLock::new(), OnceCell::from(bytes)),
        };
        Self { content_type, etag, plain, gzip }
    }

    /// Returns 200 with the file, or 304 for a matching `If-None-Match`. Browsers must revalidate every time (`no-cache`), so that no page
    /// mixes files of two versions after an upgrade.
    pub async fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = if is_not_modified(request, &self.etag) {
            HttpResponse::NotModified().finish()
        } else if prefers_gzip(request)
            && let Some(gzip) = self.gzip().await
        {
            HttpResponse::Ok().insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip)
        } else {
            HttpResponse::Ok().body(self.plain())
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }

    fn plain(&self) -> Bytes {
        self.plain.get_or_init(|| self.gzip.get().map(|gzip| decompress(gzip)).unwrap_or_default()).clone()
    }

    /// Compresses on the blocking pool, once; `None` when the runtime is shutting down.
    async fn gzip(&self) -> Option<Bytes> {
        let compress = || {
            let plain = self.plain();
            web::block(move || compress(&plain))
        };
        self.gzip.get_or_try_init(compress).await.ok().cloned()
    }
}

fn decompress(gzip: &[u8]) -> Bytes {
    let mut body = Vec::new();
    // The embedded files are valid gzip.
    let _ = GzDecoder::new(gzip).read_to_end(&mut body);
    body.into()
}

fn compress(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::best());
    // Writing to a `Vec` can't fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}
