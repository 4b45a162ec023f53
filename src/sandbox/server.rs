//! HTTP server of the sandbox: SOAP endpoint, WSDL, call counters and clock control.

use std::any::Any;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use actix_web::body::SizedStream;
use actix_web::dev::{Extensions, Server};
use actix_web::http::header::ContentEncoding;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Compress;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::TimeDelta;
use serde::Deserialize;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use super::server_time::server_timestamp;
use super::service::{Content, Door, Headers, Reply, Service};
use super::wsdl;

/// Path of the SOAP endpoint, as in IPS.
pub(super) const PATH: &str = "/scene7/services/IpsApiService";
/// Path of the endpoint without SOAP, as in IPS.
const BARE_PATH: &str = "/scene7/api/IpsApiService";
/// Path of the WSDLs and schemas, as in IPS.
const DOCUMENTS_PATH: &str = "/scene7/webservice/";
/// Maximum size of a request body, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;
const XML: &str = "text/xml; charset=UTF-8";

/// Running server, on a thread of its own so that it can be started with or without an async runtime.
pub(super) struct RunningServer {
    pub address: SocketAddr,
    /// Stops the server.
    pub stop: CancellationToken,
    pub thread: Option<JoinHandle<io::Result<()>>>,
}

/// Binds the address and serves until it is stopped.
pub(super) fn serve(listen: &str, service: Arc<Service>) -> io::Result<RunningServer> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let (started, is_started) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("sandbox".into())
        .spawn(move || actix_web::rt::System::new().block_on(run(listener, service, stopped, started)))?;
    match is_started.recv() {
        Ok(()) => Ok(RunningServer { address, stop, thread: Some(thread) }),
        Err(_) => Err(thread
            .join()
            .ok()
            .and_then(Result::err)
            .unwrap_or_else(|| io::Error::other("the server of the sandbox did not start"))),
    }
}

/// Serves until it is stopped; closes the listener for the duration of each scripted outage.
async fn run(
    mut listener: TcpListener,
    service: Arc<Service>,
    stop: CancellationToken,
    started: mpsc::Sender<()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let (outages, mut next_outage) = unbounded_channel();
    loop {
        let server = start(listener, Arc::clone(&service), Outages(outages.clone()))?;
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);
        let _ = started.send(());
        let outage = tokio::select! {
            () = stop.cancelled() => None,
            outage = next_outage.recv() => outage,
        };
        handle.stop(outage.is_none()).await;
        running.await.map_err(io::Error::other)??;
        let Some(outage) = outage else { return Ok(()) };
        if stop.run_until_cancelled(tokio::time::sleep(outage)).await.is_none() {
            return Ok(());
        }
        // Calls that were running when the outage began may have asked for another one.
        while next_outage.try_recv().is_ok() {}
        listener = TcpListener::bind(address)?;
    }
}

fn start(listener: TcpListener, service: Arc<Service>, outages: Outages) -> io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(web::Data::from(Arc::clone(&service)))
            .app_data(web::Data::new(outages.clone()))
            .wrap(Compress::default())
            .configure(routes)
    };
    let server = HttpServer::new(app).on_connect(remember_connection).workers(1).disable_signals().shutdown_timeout(1);
    Ok(server.listen(listener)?.run())
}

/// Requests for an outage of the server, each with its duration.
#[derive(Clone)]
struct Outages(UnboundedSender<Duration>);

fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .service(web::resource(PATH).route(web::post().to(call)).route(web::get().to(describe)))
        .service(web::resource(BARE_PATH).route(web::post().to(call_bare)))
        .service(web::resource(format!("{DOCUMENTS_PATH}{{name}}")).route(web::get().to(document)))
        .service(web::resource("/sandbox/calls").route(web::get().to(calls)))
        .service(web::resource("/sandbox/clock/advance").route(web::post().to(advance)));
}

async fn call(request: HttpRequest, body: web::Bytes, service: web::Data<Service>) -> HttpResponse {
    answer(&request, &body, &service, Door::Soap).await
}

async fn call_bare(request: HttpRequest, body: web::Bytes, service: web::Data<Service>) -> HttpResponse {
    answer(&request, &body, &service, Door::Bare).await
}

async fn answer(request: &HttpRequest, body: &[u8], service: &Service, door: Door) -> HttpResponse {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let headers = Headers {
        content_type: header("content-type"),
        soap_action: header("soapaction"),
        authorization: header("authorization"),
        accept_language: header("accept-language"),
    };
    let Reply { status, content, delay } = service.answer(body, &headers, door);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response.insert_header(header::Date(SystemTime::from(service.clock.now()).into()));
    match content {
        Content::Xml(body) => response.insert_header((header::CONTENT_TYPE, XML)).body(body),
        Content::Html(page) => response.insert_header((header::CONTENT_TYPE, "text/html")).body(page),
        Content::CutOff(body) => {
            let half = web::Bytes::copy_from_slice(&body[..body.len() / 2]);
            let pieces = [Ok(half), Err(io::Error::other("cut off by the script"))];
            let pieces = SizedStream::new(body.len() as u64, futures_util::stream::iter(pieces));
            // An encoding of its own keeps the middleware from compressing it, which would lose the length.
            response.insert_header((header::CONTENT_TYPE, XML)).insert_header(ContentEncoding::Identity).body(pieces)
        }
        Content::Nothing { outage } => {
            if let (Some(outage), Some(outages)) = (outage, request.app_data::<web::Data<Outages>>()) {
                let _ = outages.0.send(outage);
                // The stop of the server closes the connection.
                return std::future::pending().await;
            }
            if let Some(connection) = request.conn_data::<Connection>() {
                let _ = connection.0.shutdown(std::net::Shutdown::Both);
            }
            response.finish()
        }
    }
}

/// Socket of a connection, to close it without a response.
struct Connection(std::net::TcpStream);

/// Stores the socket of a new connection for its requests.
fn remember_connection(stream: &dyn Any, data: &mut Extensions) {
    let stream =
        stream.downcast_ref::<tokio::net::TcpStream>().and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
    if let Some(stream) = stream {
        data.insert(Connection(stream.into()));
    }
}

/// Serves the WSDL of the configured API version, at `?wsdl`.
async fn describe(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    if request.query_string().eq_ignore_ascii_case("wsdl") {
        return xml(wsdl::wsdl(&service.version, &addresses(&request)));
    }
    HttpResponse::NotFound().body("This is a SOAP service: POST to it, or GET it with ?wsdl\n")
}

/// Serves the WSDL or a schema of any API version.
async fn document(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    match wsdl::document(&name, &addresses(&request)) {
        Some(document) => xml(document),
        None => HttpResponse::NotFound().body("There are IpsApi.wsdl and IpsApi-<version>.wsdl of each API version\n"),
    }
}

fn addresses(request: &HttpRequest) -> wsdl::Addresses {
    let connection = request.connection_info();
    let origin = format!("{}://{}", connection.scheme(), connection.host());
    wsdl::Addresses { service: format!("{origin}{PATH}"), documents: format!("{origin}{DOCUMENTS_PATH}") }
}

fn xml(document: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, XML)).body(document)
}

/// Returns the number of calls of each operation, as JSON.
async fn calls(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok().json(service.calls())
}

#[derive(Deserialize)]
struct Advance {
    seconds: u32,
}

/// Advances the clock of the sandbox.
async fn advance(query: web::Query<Advance>, service: web::Data<Service>) -> HttpResponse {
    service.clock.advance(TimeDelta::seconds(query.seconds.into()));
    HttpResponse::Ok().json(server_timestamp(service.clock.now()))
}
