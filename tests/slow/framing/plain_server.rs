//! A plain actix server with routes equivalent to those of the gateway that the cases use.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::{self, Bytes, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer, guard};

/// Maximum size of a body, as that of the gateway.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The server, stopped when it is dropped.
pub struct PlainServer {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl PlainServer {
    pub fn start() -> Self {
        let (sender, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(|| {
                    let get = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
                    App::new()
                        .app_data(PayloadConfig::new(MAX_BODY_BYTES))
                        .service(web::resource("/livez").route(get.to(livez)).default_service(web::to(wrong_method)))
                        .service(web::resource("/jobs").route(web::post().to(submit)))
                        .default_service(web::to(not_found))
                });
                let server = server.workers(1).bind(("127.0.0.1", 0)).expect("a free port");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("it is waited for");
                server.await.expect("it serves");
            });
        });
        let (address, handle) = started.recv().expect("it starts");
        Self { address, handle, thread: Some(thread) }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for PlainServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().body("{\"status\":\"ok\"}")
}

/// Reads the whole body, and refuses it for what it says.
async fn submit(body: Bytes) -> HttpResponse {
    if body.is_empty() {
        return HttpResponse::BadRequest().body("{}");
    }
    HttpResponse::UnprocessableEntity().body("{}")
}

async fn wrong_method() -> HttpResponse {
    HttpResponse::MethodNotAllowed().body("{}")
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().body("{}")
}
