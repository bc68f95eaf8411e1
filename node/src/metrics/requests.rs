//! Counts requests, by path and status.
//!
//! A path is the pattern of a route (`/v2/accounts/{principal}`), or a gRPC method of our own descriptors; all else is
//! "other".

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use nakamoto_proto::v1;
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The methods of our services, as their paths.
static METHODS: LazyLock<BTreeSet<String>> = LazyLock::new(methods);

fn methods() -> BTreeSet<String> {
    // They were built in; without them every method is "other".
    let files = FileDescriptorSet::decode(v1::FILE_DESCRIPTOR_SET).unwrap_or_default().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    services
        .flat_map(|(package, service)| {
            service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
        })
        .collect()
}

/// The layer.
pub async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = label(request.uri().path(), request.extensions().get::<MatchedPath>());
    let response = next.run(request).await;
    let grpc = response.headers().get("grpc-status").and_then(|value| value.to_str().ok());
    let code = match grpc {
        // Sixteen codes of gRPC; what else is there is not one.
        Some(code) if code.parse::<u8>().is_ok_and(|code| code <= 16) => format!("grpc_{code}"),
        Some(_) => "grpc_2".to_owned(),
        None => response.status().as_u16().to_string(),
    };
    super::get().answered(path, code, begun.elapsed());
    response
}

fn label(path: &str, matched: Option<&MatchedPath>) -> String {
    if METHODS.contains(path) {
        return path.to_owned();
    }
    matched.map_or("other", MatchedPath::as_str).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_methods_are_known_and_all_else_is_other() {
        assert_eq!(label("/nakamoto.v1.BlockService/PushBlock", None), "/nakamoto.v1.BlockService/PushBlock");
        for path in ["/nakamoto.v1.BlockService/Nope", "/", "/v2/info/x", "/nakamoto.v1.BlockService/PushBlock/"] {
            assert_eq!(label(path, None), "other");
        }
    }
}
