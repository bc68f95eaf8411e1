//! Counts requests, by path and status.
//!
//! A path is the pattern of a route (`/v2/accounts/{principal}`) or a gRPC method of our own descriptors; everything
//! else counts as "other".

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use nakamoto_proto::v1;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};
use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::layer::RequestHook;

/// Paths of our gRPC methods.
static METHODS: LazyLock<HashSet<String>> = LazyLock::new(methods);

fn methods() -> HashSet<String> {
    // The descriptors are built in. Without them every method would count as "other".
    let files = FileDescriptorSet::decode(v1::FILE_DESCRIPTOR_SET).unwrap_or_default().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    services
        .flat_map(|(package, service)| {
            service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
        })
        .collect()
}

/// Hook that counts every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountRequests;

impl RequestHook for CountRequests {
    type State = (Instant, PathLabel);

    fn before(&self, request: &Request) -> ControlFlow<Response, Self::State> {
        let path = label(request.uri().path(), request.extensions().get::<MatchedPath>());
        ControlFlow::Continue((Instant::now(), path))
    }

    fn after((begun, path): Self::State, response: Response) -> Response {
        let grpc = response.headers().get("grpc-status").and_then(|value| value.to_str().ok());
        let code = match grpc.map(str::parse::<u8>) {
            None => Code::Http(response.status().as_u16()),
            // gRPC's codes are 0 to 16; anything else counts as 2, "unknown".
            Some(Ok(code)) if code <= 16 => Code::Grpc(code),
            Some(_) => Code::Grpc(2),
        };
        super::get().answered(path, code, begun.elapsed());
        response
    }
}

/// A path from a fixed list.
#[derive(Debug, Clone)]
pub(crate) enum PathLabel {
    /// The pattern of a route.
    Route(MatchedPath),
    /// A gRPC method, or "other".
    Named(&'static str),
}

/// Status that a request was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Code {
    Http(u16),
    Grpc(u8),
}

impl PathLabel {
    fn as_str(&self) -> &str {
        match self {
            Self::Route(matched) => matched.as_str(),
            Self::Named(name) => name,
        }
    }
}

impl PartialEq for PathLabel {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PathLabel {}

impl Hash for PathLabel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for PathLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.as_str(), encoder)
    }
}

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self {
            Self::Http(status) => write!(encoder, "{status}"),
            Self::Grpc(code) => write!(encoder, "grpc_{code}"),
        }
    }
}

fn label(path: &str, matched: Option<&MatchedPath>) -> PathLabel {
    match (METHODS.get(path), matched) {
        (Some(method), _) => PathLabel::Named(method),
        (None, Some(route)) => PathLabel::Route(route.clone()),
        (None, None) => PathLabel::Named("other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_methods_are_known_and_all_else_is_other() {
        assert_eq!(label("/nakamoto.v1.BlockService/PushBlock", None).as_str(), "/nakamoto.v1.BlockService/PushBlock");
        for path in ["/nakamoto.v1.BlockService/Nope", "/", "/v2/info/x", "/nakamoto.v1.BlockService/PushBlock/"] {
            assert_eq!(label(path, None).as_str(), "other");
        }
    }
}
