//! Reference of the HTTP benchmark: an actix server whose only handler returns the bytes of a file.
//!
//! `bare <port> <file> <headers> [<gzipped file>]`, on loopback. `<headers>` is a file with the headers of the responses, `name: value` a
//! line. Requests with `If-None-Match` get 304, whatever the tag is.

use std::error::Error;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// Same allocator as the gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Files {
    plain: Bytes,
    gzip: Option<Bytes>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

async fn answer(request: HttpRequest, files: Data<Files>) -> HttpResponse {
    let mut response = if request.headers().contains_key(header::IF_NONE_MATCH) {
        HttpResponse::NotModified().finish()
    } else {
        match &files.gzip {
            Some(gzip) if request.headers().contains_key(header::ACCEPT_ENCODING) => {
                HttpResponse::Ok().insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip.clone())
            }
            _ => HttpResponse::Ok().body(files.plain.clone()),
        }
    };
    for (name, value) in &files.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

fn read_headers(file: &str) -> Result<Vec<(HeaderName, HeaderValue)>, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    pairs.map(|(name, value)| Ok((name.parse()?, value.parse()?))).collect()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(plain), Some(headers)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: bare <port> <file> <headers> [<gzipped file>]".into());
    };
    let gzip = arguments.next().map(std::fs::read).transpose()?.map(Bytes::from);
    let files = Data::new(Files { plain: std::fs::read(plain)?.into(), gzip, headers: read_headers(&headers)? });
    let app = move || App::new().app_data(files.clone()).route("/jobs", web::get().to(answer));
    HttpServer::new(app).bind(("127.0.0.1", port.parse()?))?.run().await?;
    Ok(())
}
