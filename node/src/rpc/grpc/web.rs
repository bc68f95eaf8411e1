//! gRPC-Web: the services for browsers, on the same port, over HTTP/1.1 and HTTP/2.
//!
//! # Invariants
//! - What is not gRPC-Web passes untouched, plain gRPC over HTTP/2 above all.
//! - A preflight invites the pages whose calls `rpc::door` lets in, and no others.
//!
//! # Not here
//! The headers of the HTTP shim: `http::headers`.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _};

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
    let grpc = grpc.layer(from_fn(kind::grpc_only)).layer(from_fn_with_state(door.clone(), cors));
    http.merge(grpc).layer(from_fn(translate))
}

/// Turns gRPC-Web into gRPC and back; also where no service is found, so that the answer can be read.
async fn translate(request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !kind::is_grpc_web(request.headers()) {
        return next.run(request).await;
    }
    let inner = tower::service_fn(move |request: axum::http::Request<tonic::body::Body>| {
        let next = next.clone();
        async move { Ok::<_, Infallible>(next.run(request.map(Body::new)).await) }
    });
    match GrpcWebLayer::new().layer(inner).oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// Answers preflights, and says who may read the answers.
async fn cors(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let allowed = door.invites(&request);
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
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
