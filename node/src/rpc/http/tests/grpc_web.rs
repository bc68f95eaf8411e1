//! gRPC-Web: calls as a browser makes them, over HTTP/1.1, next to the shim's paths and plain gRPC.

use axum::http::{HeaderMap, Method, Request, StatusCode, Version};
use nakamoto_proto::v1;
use prost::Message as _;

use super::bench::Reply;
use super::both_protocols::BothProtocols;

const KIND: &str = "application/grpc-web+proto";
const TIP: &str = "/nakamoto.v1.BlockService/GetTip";
const TEMPLATE: &str = "/nakamoto.v1.TemplateService/RequestTemplate";

/// Calls of a browser.
struct Browser(BothProtocols);

impl Browser {
    fn new(token: Option<&str>) -> Self {
        Self(BothProtocols::new(token))
    }

    fn call(&self, path: &str, kind: &str, message: &[u8]) -> Reply {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .version(Version::HTTP_11)
            .header("content-type", kind)
            .header("origin", "http://localhost:3000")
            .header("x-grpc-web", "1");
        self.0.send(request, frame(0, message))
    }

    fn preflight(&self, path: &str, origin: &str) -> HeaderMap {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-grpc-web");
        let answer = self.0.send(request, Vec::new());
        assert_eq!(answer.status, StatusCode::OK);
        answer.headers
    }
}

/// A frame: flag, length, message.
fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &length, message].concat()
}

/// The frames of an answer: messages, and the trailers as text.
fn frames(mut body: &[u8]) -> (Vec<Vec<u8>>, String) {
    let (mut messages, mut trailers) = (Vec::new(), String::new());
    while let Some((head, rest)) = body.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        let (message, rest) = rest.split_at(length);
        match head[0] {
            0 => messages.push(message.to_vec()),
            0x80 => trailers += std::str::from_utf8(message).unwrap(),
            flag => panic!("a frame of kind {flag}"),
        }
        body = rest;
    }
    (messages, trailers)
}

#[test]
fn a_browser_calls_a_service_over_http_1() {
    let browser = Browser::new(None);
    let answer = browser.call(TIP, KIND, &v1::GetTipRequest::default().encode_to_vec());
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], KIND);
    assert_eq!(answer.headers["access-control-allow-origin"], "http://localhost:3000");
    let (messages, trailers) = frames(&answer.body);
    assert_eq!(messages.len(), 1);
    let tip = v1::GetTipResponse::decode(messages[0].as_slice()).unwrap();
    assert_eq!(tip.tip.unwrap().chain_length, 0);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
}

#[test]
fn errors_can_be_read_by_a_page() {
    let browser = Browser::new(None);
    let bad = v1::GetBlockRequest::default().encode_to_vec();
    let answer = browser.call("/nakamoto.v1.BlockService/GetBlock", KIND, &bad);
    assert_eq!((answer.status, &answer.headers["grpc-status"]), (StatusCode::OK, &"3".parse().unwrap()));
    assert!(answer.headers["access-control-expose-headers"].to_str().unwrap().contains("grpc-status-details-bin"));
    let unknown = browser.call("/nakamoto.v1.NoService/Call", KIND, &[]);
    assert_eq!((unknown.status, &unknown.headers["grpc-status"]), (StatusCode::OK, &"12".parse().unwrap()));
    assert_eq!(unknown.headers["content-type"], KIND);
    // The shim's fallback and paths are unchanged.
    let get = |path: &str| browser.0.send(Request::builder().uri(path), Vec::new()).status;
    assert_eq!((get("/nowhere"), get("/v2/info")), (StatusCode::NOT_FOUND, StatusCode::OK));
}

#[test]
fn preflights_invite_pages_of_this_machine() {
    let browser = Browser::new(None);
    for path in [TIP, TEMPLATE] {
        let ours = browser.preflight(path, "http://127.0.0.1:8000");
        assert_eq!(ours["access-control-allow-origin"], "http://127.0.0.1:8000");
        assert!(ours["access-control-allow-headers"].to_str().unwrap().contains("x-grpc-web"));
        let theirs = browser.preflight(path, "https://wallet.example");
        assert!(!theirs.contains_key("access-control-allow-origin"));
    }
    // With a token configured, only the token decides.
    let guarded = Browser::new(Some("secret")).preflight(TEMPLATE, "https://wallet.example");
    assert_eq!(guarded["access-control-allow-origin"], "https://wallet.example");
}

#[test]
fn a_call_that_does_not_say_that_it_is_grpc_is_refused() {
    let browser = Browser::new(None);
    for kind in ["text/plain", "application/jsonp", "application/grpc+json"] {
        let answer = browser.call(TIP, kind, &v1::GetTipRequest::default().encode_to_vec());
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
}

#[test]
fn plain_grpc_passes_untouched() {
    let browser = Browser::new(None);
    let answer = browser.call(TIP, "application/grpc", &v1::GetTipRequest::default().encode_to_vec());
    assert_eq!(answer.headers["content-type"], "application/grpc");
    let (messages, trailers) = frames(&answer.body);
    assert_eq!((messages.len(), trailers.as_str()), (1, ""), "trailers are not in the body");
}
