//! Headers of every HTTP answer (docs/COMPATIBILITY.md#general-rules), and preflight for browsers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::rpc::grpc::Services;

const SERVER: HeaderValue = HeaderValue::from_static("stacks/2.0");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
/// stacks.js sends x-hiro-product, and x-api-key when it has a key; the guarded paths take authorization.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("origin, content-type, x-hiro-product, authorization, x-api-key");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST, GET, OPTIONS");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TIP_HEIGHT: HeaderName = HeaderName::from_static("x-canonical-stacks-tip-height");

/// Numbers requests that name none.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// Answers OPTIONS, and adds the headers to all other answers.
pub(super) async fn standard(State(services): State<Services>, request: Request, next: Next) -> Response {
    let given_id = request.headers().get(&REQUEST_ID).and_then(request_id);
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let id = given_id.unwrap_or_else(|| NEXT_REQUEST.fetch_add(1, Ordering::Relaxed));
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::SERVER, SERVER);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(REQUEST_ID, HeaderValue::from(id));
    headers.insert(TIP_HEIGHT, HeaderValue::from(services.pool.chain().tip_height()));
    response
}

/// The reference's request ids are u32 numbers.
fn request_id(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse::<u32>().ok().map(u64::from)
}
