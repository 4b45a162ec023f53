//! A file as it is served: compressed once, and never sent again to those who have it.

use std::io::Write;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::http::answer::{is_known, takes_gzip};
use crate::jobs::weak_etag;

/// A file.
pub struct Asset {
    content_type: &'static str,
    etag: String,
    body: Bytes,
    /// Made when it is first asked for.
    gzip: OnceCell<Bytes>,
}

impl Asset {
    /// A file of this name.
    pub fn new(name: &str, body: Bytes) -> Self {
        let content_type = match name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        };
        Self { content_type, etag: weak_etag(&Sha256::digest(&body)), body, gzip: OnceCell::new() }
    }

    /// The file, or that the client has it already. Clients ask each time: after an upgrade no page is made of old and new files.
    pub async fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = if is_known(request, &self.etag) {
            HttpResponse::NotModified().finish()
        } else if takes_gzip(request)
            && let Some(gzip) = self.gzip().await
        {
            HttpResponse::Ok().insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip)
        } else {
            HttpResponse::Ok().body(self.body.clone())
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

    /// It takes long enough to be done elsewhere; `None` when the process is about to end.
    async fn gzip(&self) -> Option<Bytes> {
        let body = self.body.clone();
        let compressed = self.gzip.get_or_try_init(|| web::block(move || compress(&body))).await;
        compressed.ok().cloned()
    }
}

fn compress(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::best());
    // Writing to memory can't fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}
