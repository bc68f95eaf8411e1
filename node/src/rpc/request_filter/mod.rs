//! Checks every request before anything runs for it: which host it addresses, and which page sends it.
//!
//! Ordinary programs pass. A browser sends requests from this machine for any page that is open in it, so what a
//! foreign page may not do is refused here. Each rule has a file:
//! - [`host`]: the request is addressed to this node by one of the node's names.
//! - [`origin`]: a foreign page may read (GET) and nothing else.
//! - [`kind`]: a gRPC call has a gRPC content type.

pub mod host;
pub mod kind;
pub mod origin;

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::http::uri::Uri;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tonic::Code;

use self::host::Hosts;
use self::origin::Origins;
use super::auth::Guard;
use super::errors::Failure;
use crate::layer::RequestHook;
use crate::metrics;

/// The rules for all requests of a port. Cheap to clone.
#[derive(Clone)]
pub struct RequestFilter(Arc<Rules>);

struct Rules {
    hosts: Hosts,
    origins: Origins,
    guard: Guard,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// Code in upper snake case; stable.
    pub(super) reason: &'static str,
    pub(super) text: String,
}

impl RequestFilter {
    /// Makes the rules. A request with the guard's token passes whatever its origin.
    #[must_use]
    pub fn new(hosts: Hosts, origins: Origins, guard: Guard) -> Self {
        Self(Arc::new(Rules { hosts, origins, guard }))
    }

    /// Whether CORS headers may allow a call to the page that sends a request with this target and these headers.
    pub(super) fn allows_page(&self, target: &Uri, headers: &HeaderMap) -> bool {
        self.0.guard.is_set() || self.0.origins.check(target, headers).is_ok()
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        if !host::is_plainly_here(request) {
            self.0.hosts.check(&host::of(request.uri(), request.headers())?)?;
        }
        if request.method().is_safe() || self.shows_token(request.headers()) {
            return Ok(());
        }
        self.0.origins.check(request.uri(), request.headers())
    }

    fn shows_token(&self, headers: &HeaderMap) -> bool {
        self.0.guard.is_set() && self.0.guard.check_headers(headers).is_ok()
    }
}

impl RequestHook for RequestFilter {
    type State = ();

    fn before(&self, request: &Request) -> ControlFlow<Response> {
        match self.check(request) {
            Ok(()) => ControlFlow::Continue(()),
            Err(refusal) => ControlFlow::Break(refusal.answer(request.headers())),
        }
    }

    fn after((): (), response: Response) -> Response {
        response
    }
}

impl Refusal {
    /// The refusal in the sender's protocol; every page may read it.
    pub(super) fn answer(self, headers: &HeaderMap) -> Response {
        metrics::get().refused_request(self.reason);
        if kind::is_plain_grpc(headers) {
            let code =
                if self.status == StatusCode::FORBIDDEN { Code::PermissionDenied } else { Code::InvalidArgument };
            return tonic::Status::from(Failure::new(code, self.reason, self.text)).into_http();
        }
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let anybody = HeaderValue::from_static("*");
        (self.status, [(CONTENT_TYPE, plain), (ACCESS_CONTROL_ALLOW_ORIGIN, anybody)], self.text).into_response()
    }
}

#[cfg(test)]
mod tests;
