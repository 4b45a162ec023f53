//! Middleware that some requests skip.

use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapOk};

/// Middleware around a service, which requests skip for which a predicate is true.
pub struct SkipIf<T> {
    middleware: Rc<T>,
    skips: fn(&ServiceRequest) -> bool,
}

impl<T> SkipIf<T> {
    /// Creates a middleware that requests skip for which `skips` returns true.
    pub fn new(middleware: T, skips: fn(&ServiceRequest) -> bool) -> Self {
        Self { middleware: Rc::new(middleware), skips }
    }
}

/// Service with and without its middleware.
pub struct SkipIfService<S, M> {
    service: Rc<S>,
    wrapped: M,
    skips: fn(&ServiceRequest) -> bool,
}

impl<S, T, B, W> Transform<S, ServiceRequest> for SkipIf<T>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    T: Transform<Rc<S>, ServiceRequest, Response = ServiceResponse<W>, Error = Error, InitError = ()> + 'static,
    B: MessageBody,
    W: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B, W>>;
    type Error = Error;
    type Transform = SkipIfService<S, T::Transform>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let (middleware, skips, service) = (Rc::clone(&self.middleware), self.skips, Rc::new(service));
        Box::pin(async move {
            let wrapped = middleware.new_transform(Rc::clone(&service)).await?;
            Ok(SkipIfService { service, wrapped, skips })
        })
    }
}

/// Future of a service whose response body is one of two.
type MapBody<F, B, R> = MapOk<F, fn(ServiceResponse<B>) -> R>;

impl<S, M, B, W> Service<ServiceRequest> for SkipIfService<S, M>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    M: Service<ServiceRequest, Response = ServiceResponse<W>, Error = Error>,
    B: MessageBody,
    W: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B, W>>;
    type Error = Error;
    type Future = Either<MapBody<S::Future, B, Self::Response>, MapBody<M::Future, W, Self::Response>>;

    forward_ready!(wrapped);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if (self.skips)(&request) {
            Either::Left(self.service.call(request).map_ok(ServiceResponse::map_into_left_body))
        } else {
            Either::Right(self.wrapped.call(request).map_ok(ServiceResponse::map_into_right_body))
        }
    }
}
