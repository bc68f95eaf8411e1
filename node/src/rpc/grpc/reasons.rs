//! Adds a reason to errors that the gRPC library makes itself, before a service sees the request.
//!
//! The library sends them without details, and reports its own fault (`INTERNAL`) for a message that it cannot decode.
//! Our errors always have a reason (`rpc::errors`), so a status without details is the library's.

use std::ops::ControlFlow;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tonic::service::Routes;
use tonic::{Code, Status};

use crate::layer::{HookLayer, RequestHook};
use crate::limits::MAX_MESSAGE_BYTES;
use crate::rpc::errors::Failure;

/// The services as routes of the port. Other paths are left to the router into which these routes are merged.
pub fn into_router(routes: Routes) -> Router {
    routes.into_axum_router().reset_fallback().layer(HookLayer(Reasons))
}

#[derive(Clone)]
struct Reasons;

impl RequestHook for Reasons {
    type State = ();

    fn before(&self, _: &Request) -> ControlFlow<Response> {
        ControlFlow::Continue(())
    }

    /// An error before the first message comes as headers without a body; later errors come only from our services.
    fn after((): (), response: Response) -> Response {
        match Status::from_header_map(response.headers()) {
            Some(mut status) if status.code() != Code::Ok && status.details().is_empty() => {
                let mut explained = Status::from(why(&status));
                std::mem::swap(explained.metadata_mut(), status.metadata_mut());
                explained.into_http()
            }
            Some(_) | None => response,
        }
    }
}

fn why(status: &Status) -> Failure {
    let message = status.message();
    match status.code() {
        Code::Internal => Failure::new(Code::InvalidArgument, "REQUEST_UNDECODABLE", message),
        Code::OutOfRange => {
            Failure::new(Code::ResourceExhausted, "REQUEST_TOO_LARGE", message).with("max_bytes", MAX_MESSAGE_BYTES)
        }
        // Too many fields in few bytes (`nakamoto_proto::codec`).
        Code::ResourceExhausted => Failure::new(Code::ResourceExhausted, "REQUEST_TOO_LARGE", message),
        Code::Unimplemented if message.is_empty() => {
            Failure::new(Code::Unimplemented, "UNKNOWN_METHOD", "the service has no such method")
        }
        Code::Unimplemented => Failure::new(Code::Unimplemented, "UNSUPPORTED_ENCODING", message),
        Code::NotFound => Failure::new(Code::NotFound, "UNKNOWN_SERVICE", message),
        code => Failure::new(code, "REQUEST_REFUSED", message),
    }
}
