//! Reference of the HTTP benchmark: an actix server whose only handler returns the bytes of a file.
//!
//! `bare <port> <file> [<gzipped file>]`, on loopback. Requests with `If-None-Match` get 304, whatever the tag is.

use std::error::Error;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

struct Files {
    plain: Bytes,
    gzip: Option<Bytes>,
}

async fn answer(request: HttpRequest, files: Data<Files>) -> HttpResponse {
    if request.headers().contains_key(header::IF_NONE_MATCH) {
        return HttpResponse::NotModified().finish();
    }
    match &files.gzip {
        Some(gzip) if request.headers().contains_key(header::ACCEPT_ENCODING) => HttpResponse::Ok()
            .content_type("application/json")
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .body(gzip.clone()),
        _ => HttpResponse::Ok().content_type("application/json").body(files.plain.clone()),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(plain)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare <port> <file> [<gzipped file>]".into());
    };
    let gzip = arguments.next().map(std::fs::read).transpose()?.map(Bytes::from);
    let files = Data::new(Files { plain: std::fs::read(plain)?.into(), gzip });
    let app = move || App::new().app_data(files.clone()).route("/jobs", web::get().to(answer));
    HttpServer::new(app).bind(("127.0.0.1", port.parse()?))?.run().await?;
    Ok(())
}
