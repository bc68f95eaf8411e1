//! gRPC-Web: the services for browsers, on the same port, over HTTP/1.1 and HTTP/2.
//!
//! # Invariants
//! - What is not gRPC-Web passes untouched, plain gRPC over HTTP/2 above all.
//! - A preflight invites the pages whose calls `rpc::door` lets in, and no others.
//!
//! # Not here
//! The headers of the HTTP shim: `http::headers`.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tonic_web::GrpcWebLayer;
use tower::layer::layer_fn;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::layer::{Around, AroundLayer};
use crate::rpc::door::{Door, kind};

/// What gRPC-Web clients send.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, x-request-id");
/// Where a trailers-only answer has its status.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
/// How long a browser may remember a preflight, in seconds.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("600");

/// One router of both, in which every gRPC call may be gRPC-Web.
pub fn join(http: Router, grpc: Router, door: &Door) -> Router {
    let grpc = grpc.layer((AroundLayer(Cors(door.clone())), AroundLayer(kind::GrpcOnly)));
    http.merge(grpc).layer(layer_fn(Translate))
}

/// Turns gRPC-Web into gRPC and back; also where no service is found, so that the answer can be read.
#[derive(Clone)]
struct Translate<S>(S);

impl<S> Service<Request> for Translate<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Unpin + Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Translated<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.method() != Method::POST || !kind::is_grpc_web(request.headers()) {
            return Translated::AsItIs(self.0.call(request));
        }
        let inner =
            self.0.clone().map_request(|request: axum::http::Request<tonic::body::Body>| request.map(Body::new));
        let call = GrpcWebLayer::new().layer(inner).oneshot(request);
        Translated::Web(Box::pin(async { call.await.map(|response| response.map(Body::new)) }))
    }
}

/// An answer in the making.
enum Translated<F> {
    AsItIs(F),
    Web(Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>),
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Translated<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::AsItIs(answer) => Pin::new(answer).poll(cx),
            Self::Web(answer) => answer.as_mut().poll(cx),
        }
    }
}

/// Answers preflights, and says who may read the answers.
#[derive(Clone)]
struct Cors(Door);

impl Around for Cors {
    /// The page that asks, and whether it is invited.
    type Kept = Option<(HeaderValue, bool)>;

    fn before(&self, request: &Request) -> ControlFlow<Response, Self::Kept> {
        let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return ControlFlow::Continue(None) };
        let page = Some((origin, self.0.invites(request)));
        if request.method() == Method::OPTIONS {
            return ControlFlow::Break(Self::after(page, StatusCode::NO_CONTENT.into_response()));
        }
        ControlFlow::Continue(page)
    }

    fn after(page: Self::Kept, mut response: Response) -> Response {
        let Some((origin, allowed)) = page else { return response };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        if allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
        }
        response
    }
}
