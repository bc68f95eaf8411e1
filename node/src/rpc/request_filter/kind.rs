//! A gRPC call must have a gRPC content type.
//!
//! The gRPC library ignores the content type of a call, and a page may POST bytes without one, or as text, to any
//! server without asking first.

use std::ops::ControlFlow;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

use super::Refusal;
use crate::layer::RequestHook;

const PLAIN: &str = "application/grpc";
const WEB: [&str; 2] = ["application/grpc-web", "application/grpc-web-text"];
/// Suffix that may follow; names the only message format that is served.
const FORMAT: &str = "+proto";

/// Hook around the gRPC services.
#[derive(Debug, Clone, Copy)]
pub struct GrpcOnly;

impl RequestHook for GrpcOnly {
    type State = ();

    fn before(&self, request: &Request) -> ControlFlow<Response> {
        if request.method() != Method::POST || is_grpc(request.headers()) {
            return ControlFlow::Continue(());
        }
        let text = "gRPC has content type application/grpc, in a browser application/grpc-web; a call with JSON application/json"
            .to_owned();
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        ControlFlow::Break(Refusal { status, reason: "CONTENT_TYPE_INVALID", text }.answer(&HeaderMap::new()))
    }

    fn after((): (), response: Response) -> Response {
        response
    }
}

/// Whether a request is gRPC or gRPC-Web.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = grpc_kind(headers);
    kind == PLAIN || WEB.contains(&kind)
}

/// Whether a request is gRPC-Web.
#[must_use]
pub fn is_grpc_web(headers: &HeaderMap) -> bool {
    WEB.contains(&grpc_kind(headers))
}

pub(super) fn is_plain_grpc(headers: &HeaderMap) -> bool {
    grpc_kind(headers) == PLAIN
}

/// The content type of gRPC, without the message format.
fn grpc_kind(headers: &HeaderMap) -> &str {
    let kind = essence(headers);
    kind.strip_suffix(FORMAT).unwrap_or(kind)
}

/// The content type without parameters; empty if there is none.
pub(in crate::rpc) fn essence(headers: &HeaderMap) -> &str {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_content_types_are_grpc() {
        let kind = |kind: &str| HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
        for grpc in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc-web+proto",
            "application/grpc-web-text; a=b",
        ] {
            assert!(is_grpc(&kind(grpc)), "{grpc}");
        }
        for other in
            ["", "text/plain", "application/grpcx", "application/grpc+json", "application/json", "x/application/grpc"]
        {
            assert!(!is_grpc(&kind(other)), "{other}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
        assert!(is_plain_grpc(&kind("application/grpc")) && !is_plain_grpc(&kind("application/grpc-web")));
    }
}
