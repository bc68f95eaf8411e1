//! The services for those who speak no gRPC, on the same port, over HTTP/1.1 and HTTP/2: gRPC-Web and Connect.
//!
//! # Invariants
//! - Everything else passes untouched, above all plain gRPC over HTTP/2.
//! - A preflight allows exactly the pages whose calls `rpc::request_filter` lets in.
//!
//! # Not here
//! The headers of the HTTP shim: `http::headers`.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use tonic_web::GrpcWebLayer;
use tower::layer::layer_fn;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::connect;
use crate::layer::HookLayer;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::request_filter::{RequestFilter, kind};

/// Headers that clients in a browser send.
const ALLOWED_HEADERS: [&str; 8] = [
    "content-type",
    "x-grpc-web",
    "x-user-agent",
    "grpc-timeout",
    "connect-protocol-version",
    "connect-timeout-ms",
    "authorization",
    "x-request-id",
];
/// Headers that carry the status of a trailers-only answer.
const EXPOSED_HEADERS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
/// How long a browser may cache a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// One router of both, which also accepts every gRPC call as gRPC-Web and Connect.
pub fn join(http: Router, grpc: Router, filter: &RequestFilter, pool: BlockingPool) -> Router {
    let grpc = grpc.layer((cors(filter), HookLayer(kind::GrpcOnly)));
    let cors = cors(filter);
    http.merge(grpc).layer(layer_fn(move |inner| Translate { inner, pool: pool.clone(), cors: cors.clone() }))
}

/// Translates to gRPC and back, even for unknown services, so that the client can read the answer.
#[derive(Clone)]
struct Translate<S> {
    inner: S,
    pool: BlockingPool,
    /// For the errors of the translation itself: pages read those of the services already.
    cors: CorsLayer,
}

impl<S> Service<Request> for Translate<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Unpin + Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Translated<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.method() != Method::POST {
            return Translated::AsItIs(self.inner.call(request));
        }
        if kind::is_grpc_web(request.headers()) {
            let inner = self.inner.clone();
            let inner = inner.map_request(|request: axum::http::Request<tonic::body::Body>| request.map(Body::new));
            let call = GrpcWebLayer::new().layer(inner).oneshot(request);
            return Translated::Made(Box::pin(async { call.await.map(|response| response.map(Body::new)) }));
        }
        if let Some(kind) = connect::Kind::of(&request) {
            let (inner, pool) = (self.inner.clone(), self.pool.clone());
            let call = service_fn(move |request| {
                let (inner, pool) = (inner.clone(), pool.clone());
                async move { Ok(connect::call(inner, pool, request, kind).await) }
            });
            return Translated::Made(Box::pin(self.cors.layer(call).oneshot(request)));
        }
        Translated::AsItIs(self.inner.call(request))
    }
}

/// An answer in progress.
enum Translated<F> {
    AsItIs(F),
    Made(Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>),
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Translated<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::AsItIs(answer) => Pin::new(answer).poll(cx),
            Self::Made(answer) => answer.as_mut().poll(cx),
        }
    }
}

/// Answers preflights, and says which pages may read answers.
fn cors(filter: &RequestFilter) -> CorsLayer {
    let filter = filter.clone();
    let invited = move |_: &HeaderValue, request: &Parts| filter.allows_page(&request.uri, &request.headers);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(invited))
        .allow_methods([Method::POST])
        .allow_headers(ALLOWED_HEADERS.map(HeaderName::from_static))
        .expose_headers(EXPOSED_HEADERS.map(HeaderName::from_static))
        .max_age(PREFLIGHT_AGE)
        .vary([header::ORIGIN])
}
