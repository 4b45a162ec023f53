//! actix's HTTP/1.1 dispatcher, configured for an app.

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config};
use actix_web::dev::AppConfig;
use futures_util::future::LocalBoxFuture;

use super::in_flight;
use super::timeout_io::TimeoutIo;

/// Size of the dispatcher's write buffer in bytes, at which it flushes. It is larger than a head, so that a small response is one write, and
/// small, since each client that doesn't read occupies one.
const WRITE_BUFFER: usize = 2 * 1024;

/// Factory of the service of a worker; `None` if the app can't be built.
pub type Application = Arc<dyn Fn() -> LocalBoxFuture<'static, Option<Dispatch>> + Send + Sync>;

/// Service of a worker: runs actix's HTTP/1.1 dispatcher on one connection until the connection ends.
pub type Dispatch = Rc<dyn Fn(TimeoutIo, SocketAddr) -> LocalBoxFuture<'static, Result<(), DispatchError>>>;

/// Returns the factory of the workers' services from that of an actix `App`.
pub fn application<F, I, S, B>(app: F) -> Application
where
    F: Fn() -> I + Send + Sync + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    Arc::new(move || {
        let app = app().into_factory().map_err(|error| error.error_response());
        let app = map_config(app, |()| AppConfig::default());
        // `TimeoutIo` handles timeouts, the end of the connection and half-closed clients.
        let service = HttpService::build()
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            .h1_allow_half_closed(true)
            .h1_write_buffer_size(WRITE_BUFFER)
            .on_connect_ext(|io: &TimeoutIo, data| {
                data.insert(Rc::clone(io.connection()));
            })
            .h1(apply_fn_factory(app, |request, service: &_| in_flight::track(request, service)))
            .new_service(());
        Box::pin(async move {
            let service = service.await.ok()?;
            let dispatch: Dispatch = Rc::new(move |io, peer| Box::pin(service.call((io, Some(peer)))));
            Some(dispatch)
        })
    })
}
