//! Reference of the HTTP benchmark for misses: an actix server that answers each GET with the XML of one call to IPS.
//!
//! `pass_through <port> <URL of the upstream> <file with the request>`, on loopback.

use std::error::Error;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, web};
use reqwest::Client;

/// Same allocator as the gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Upstream {
    client: Client,
    url: String,
    request: Bytes,
}

async fn answer(upstream: Data<Upstream>) -> HttpResponse {
    let call = upstream.client.post(&upstream.url).header("SOAPAction", "getActiveJobs").body(upstream.request.clone());
    let answer = async { call.send().await?.bytes().await };
    match answer.await {
        Ok(body) => HttpResponse::Ok().content_type("text/xml").body(body),
        Err(error) => HttpResponse::BadGateway().body(error.without_url().to_string()),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(url), Some(request)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: pass_through <port> <URL> <request>".into());
    };
    ips_gateway::app::install_tls_provider();
    let request = Bytes::from(std::fs::read(request)?);
    let app = move || {
        let client = Client::builder().no_proxy().build().unwrap_or_default();
        let upstream = Data::new(Upstream { client, url: url.clone(), request: request.clone() });
        App::new().app_data(upstream).route("/jobs", web::get().to(answer))
    };
    HttpServer::new(app).bind(("127.0.0.1", port.parse()?))?.run().await?;
    Ok(())
}
