//! Headers of every HTTP answer (docs/COMPATIBILITY.md#general-rules), and preflight for browsers.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::layer::RequestHook;
use crate::rpc::grpc::Services;

const SERVER: HeaderValue = HeaderValue::from_static("stacks/2.0");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
/// All headers: a page that may read may send any header. Browsers require `authorization` by name, and those that do
/// not know "*" need the ones that clients send: stacks.js `x-hiro-product`, and `x-api-key` when it has a key, the
/// event stream `last-event-id`.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("origin, content-type, x-hiro-product, authorization, x-api-key, last-event-id, *");
/// Headers that a page may read.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("x-request-id, x-canonical-stacks-tip-height, retry-after");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST, GET, OPTIONS");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TIP_HEIGHT: HeaderName = HeaderName::from_static("x-canonical-stacks-tip-height");

/// Ids for requests without one.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// Answers OPTIONS, and adds the headers to every answer.
#[derive(Clone)]
pub(super) struct Standard(pub(super) Services);

impl RequestHook for Standard {
    /// The chain's services, and the id in the request.
    type State = (Services, Option<u64>);

    fn before(&self, request: &Request) -> ControlFlow<Response, Self::State> {
        let state = (Services::clone(&self.0), request.headers().get(&REQUEST_ID).and_then(request_id));
        if request.method() == Method::OPTIONS {
            return ControlFlow::Break(Self::after(state, StatusCode::NO_CONTENT.into_response()));
        }
        ControlFlow::Continue(state)
    }

    fn after((services, given_id): Self::State, mut response: Response) -> Response {
        let id = given_id.unwrap_or_else(|| NEXT_REQUEST.fetch_add(1, Ordering::Relaxed));
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::SERVER, SERVER);
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        headers.insert(REQUEST_ID, HeaderValue::from(id));
        headers.insert(TIP_HEIGHT, HeaderValue::from(services.pool.chain().tip_height()));
        response
    }
}

/// The reference's request ids are numbers of 32 bits.
fn request_id(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse::<u32>().ok().map(u64::from)
}
