//! The hook before a handler that says whether it ran.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::layer::HookLayer;

const HERE: (&str, &str) = ("host", "127.0.0.1:20443");
const EVIL: (&str, &str) = ("origin", "https://evil.example");

fn port(token: Option<&str>, allowed_origins: &[&str]) -> Router {
    let origins = Origins::new(allowed_origins.iter().map(|origin| (*origin).to_owned()).collect());
    let filter = RequestFilter::new(Hosts::default(), origins, Guard::new(token));
    Router::new()
        .route("/shim", post(|| async { "ran" }).get(|| async { "ran" }))
        .route("/a.Service/Call", post(|| async { "ran" }).layer(HookLayer(kind::GrpcOnly)))
        .fallback(|| async { "ran" })
        .layer(HookLayer(filter))
}

/// Status, headers, and whether the handler ran.
async fn ask(port: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, bool) {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
    let response = port.clone().oneshot(request.body(Body::from("bytes")).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes() == "ran")
}

#[tokio::test]
async fn a_page_of_elsewhere_reads_and_changes_nothing() {
    let port = port(None, &["https://wallet.example"]);
    let (status, headers, ran) = ask(&port, "POST", "/shim", &[HERE, EVIL]).await;
    assert_eq!((status, ran), (StatusCode::FORBIDDEN, false));
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*", "its developer can read why");
    assert!(!ask(&port, "POST", "/nowhere", &[HERE, EVIL]).await.2, "also where there is no path");
    assert!(!ask(&port, "DELETE", "/shim", &[HERE, EVIL]).await.2);
    assert!(!ask(&port, "POST", "/shim", &[HERE, ("sec-fetch-site", "cross-site")]).await.2);
    assert!(ask(&port, "GET", "/shim", &[HERE, EVIL]).await.2);
    assert!(ask(&port, "POST", "/shim", &[HERE]).await.2, "a program");
    assert!(ask(&port, "POST", "/shim", &[HERE, ("origin", "http://localhost:3000")]).await.2);
    assert!(ask(&port, "POST", "/shim", &[HERE, ("origin", "https://wallet.example")]).await.2);
}

#[tokio::test]
async fn who_shows_the_token_may_come_from_anywhere() {
    let port = port(Some("secret"), &[]);
    assert!(ask(&port, "POST", "/shim", &[HERE, EVIL, ("authorization", "Bearer secret")]).await.2);
    assert!(!ask(&port, "POST", "/shim", &[HERE, EVIL, ("authorization", "Bearer other")]).await.2);
    assert!(!ask(&port, "POST", "/shim", &[HERE, EVIL]).await.2);
}

#[tokio::test]
async fn a_name_that_is_not_the_nodes_reads_nothing() {
    let port = port(None, &[]);
    let rebound = [("host", "evil.example:20443")];
    let (status, _, ran) = ask(&port, "GET", "/shim", &rebound).await;
    assert_eq!((status, ran), (StatusCode::FORBIDDEN, false));
    let (status, _, ran) = ask(&port, "GET", "/shim", &[]).await;
    assert_eq!((status, ran), (StatusCode::BAD_REQUEST, false));
    let (status, _, ran) = ask(&port, "GET", "/shim", &[HERE, HERE]).await;
    assert_eq!((status, ran), (StatusCode::BAD_REQUEST, false));
    // A gRPC call gets a gRPC answer.
    let call = [rebound[0], ("content-type", "application/grpc")];
    let (status, headers, ran) = ask(&port, "POST", "/a.Service/Call", &call).await;
    assert_eq!((status, &headers["grpc-status"], ran), (StatusCode::OK, &HeaderValue::from_static("7"), false));
}

#[tokio::test]
async fn grpc_says_that_it_is() {
    let port = port(None, &[]);
    for kind in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/json")]] {
        let (status, _, ran) = ask(&port, "POST", "/a.Service/Call", &[&[HERE], kind].concat()).await;
        assert_eq!((status, ran), (StatusCode::UNSUPPORTED_MEDIA_TYPE, false), "{kind:?}");
    }
    assert!(ask(&port, "POST", "/a.Service/Call", &[HERE, ("content-type", "application/grpc-web+proto")]).await.2);
}
