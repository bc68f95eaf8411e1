//! gRPC-Web: the services for browsers, on the same port, over HTTP/1.1 and HTTP/2.
//!
//! # Invariants
//! - What is not gRPC-Web passes untouched, plain gRPC over HTTP/2 above all.
//! - A page of any origin may read and submit. Services that change the mocks or spend the node's time answer pages of this
//!   machine only, unless a token guards them: otherwise any page that a developer visits could mine and reorganize.
//!
//! # Not here
//! The headers of the HTTP shim: `http::headers`.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _};

use crate::network::auth::Guard;

/// Services that change the mocks or spend the node's time.
const GUARDED: [&str; 4] = [
    "/nakamoto.v1.AdminService/",
    "/nakamoto.v1.ObserverService/",
    "/nakamoto.v1.TemplateService/",
    "/nakamoto.v1.ValidationService/",
];
/// What gRPC-Web clients send.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, x-request-id");
/// Where a trailers-only answer has its status.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
/// How long a browser may remember a preflight, in seconds.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("600");

/// One router of both, in which every gRPC call may be gRPC-Web.
pub fn join(http: Router, grpc: Router, guard: &Guard) -> Router {
    let grpc = grpc.layer(from_fn_with_state(guard.is_set(), cors));
    http.merge(grpc).layer(from_fn(translate))
}

/// Turns gRPC-Web into gRPC and back; also where no service is found, so that the answer can be read.
async fn translate(request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !is_grpc_web(request.headers()) {
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

fn is_grpc_web(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/grpc-web")
}

/// Answers preflights, and says who may read the answers.
async fn cors(State(has_token): State<bool>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let guarded = GUARDED.iter().any(|service| request.uri().path().starts_with(service));
    let allowed = has_token || !guarded || is_this_machine(&origin);
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

/// Whether a page comes from a server on this machine: scheme, host, and perhaps a port.
fn is_this_machine(origin: &HeaderValue) -> bool {
    let Some((_, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else { return false };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_known_by_their_host() {
        for ours in ["http://localhost:3000", "https://LOCALHOST", "http://127.0.0.1:1", "http://[::1]:8080"] {
            assert!(is_this_machine(&HeaderValue::from_static(ours)), "{ours}");
        }
        for other in
            ["null", "", "http://localhost.evil.example", "http://127.0.0.1.nip.io", "http://10.0.0.1", "http://"]
        {
            assert!(!is_this_machine(&HeaderValue::from_static(other)), "{other}");
        }
    }
}
