//! The services as plain HTTP, by the Connect protocol (<https://connectrpc.com/docs/protocol>): for `curl`, `fetch`, and
//! its clients.
//!
//! `curl localhost:20443/nakamoto.v1.AdminService/MineBlocks -H 'content-type: application/json' -d '{"count":3}'`
//!
//! Read in this order: [`Kind`] (what is such a request), `unary` (calls with one answer), `stream` (the event stream),
//! `codec` (messages as JSON or bytes), `envelope` (bytes around a message), `error`.
//!
//! # Invariants
//! - A call becomes the gRPC call of the same name, so checks, limits and answers are those of gRPC.
//! - Large messages are converted on background threads, few at once.

mod codec;
mod envelope;
mod error;
mod stream;
mod unary;

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request};
use axum::response::Response;
use prost_reflect::MethodDescriptor;
use tonic::{Code, Status};
use tower::{Service, ServiceExt as _};

use self::codec::{Codec, Encoding};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::descriptors;
use crate::rpc::errors::Failure;
use crate::rpc::request_filter::kind;

/// Begins the paths of our services.
const PATHS: &str = "/nakamoto.v1.";

/// Extension of a request whose answers become JSON, which takes more memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsJson;

/// What a request is, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    encoding: Encoding,
    /// Whether its messages are in envelopes, as those of streams.
    is_stream: bool,
}

impl Kind {
    /// `None` for a request that is not of this protocol.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if !request.uri().path().starts_with(PATHS) {
            return None;
        }
        let (encoding, is_stream) = match kind::essence(request.headers()) {
            "application/json" => (Encoding::Json, false),
            "application/proto" => (Encoding::Proto, false),
            "application/connect+json" => (Encoding::Json, true),
            "application/connect+proto" => (Encoding::Proto, true),
            _ => return None,
        };
        Some(Self { encoding, is_stream })
    }

    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match (self.encoding, self.is_stream) {
            (Encoding::Json, false) => "application/json",
            (Encoding::Proto, false) => "application/proto",
            (Encoding::Json, true) => "application/connect+json",
            (Encoding::Proto, true) => "application/connect+proto",
        })
    }
}

/// Makes a call of `services`, which speak gRPC.
pub(super) async fn call<S>(services: S, pool: BlockingPool, request: Request, kind: Kind) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let (head, body) = request.into_parts();
    let answered = match Call::new(&head, pool, kind) {
        Ok(call) if kind.is_stream => return stream::answer(call, services, head, body).await,
        Ok(call) => unary::answer(call, services, head, body).await,
        Err(status) => Err(status),
    };
    answered.unwrap_or_else(|status| error::response(&status))
}

/// A call of one of our methods.
struct Call {
    method: MethodDescriptor,
    kind: Kind,
    codec: Codec,
}

impl Call {
    fn new(head: &request::Parts, pool: BlockingPool, kind: Kind) -> Result<Self, Status> {
        let path = head.uri.path();
        let method = descriptors::method(path)
            .ok_or_else(|| Failure::new(Code::Unimplemented, "UNKNOWN_METHOD", format!("there is no method {path}")))?;
        if method.is_server_streaming() != kind.is_stream {
            let fitting = match kind.is_stream {
                true => "has one answer: its content type is application/json",
                false => {
                    "answers with a stream: its content type is application/connect+json; curl reads GET /v3/events"
                }
            };
            let text = format!("{} {fitting}", method.full_name());
            return Err(Failure::new(Code::Unimplemented, "CONTENT_TYPE_INVALID", text).into());
        }
        let compression = if kind.is_stream { "connect-content-encoding" } else { "content-encoding" };
        if let Some(value) = head.headers.get(compression).filter(|value| *value != "identity") {
            let text = format!("{compression} is {value:?}: requests come uncompressed");
            return Err(Failure::new(Code::Unimplemented, "UNSUPPORTED_ENCODING", text).into());
        }
        Ok(Self { method, kind, codec: Codec { encoding: kind.encoding, pool } })
    }

    /// Makes the gRPC call with an encoded message.
    async fn run<S>(&self, services: S, mut head: request::Parts, message: &Bytes) -> Result<Response, Status>
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        head.headers.insert(header::TE, HeaderValue::from_static("trailers"));
        head.headers.remove(header::CONTENT_LENGTH);
        if self.kind.encoding == Encoding::Json {
            head.extensions.insert(AsJson);
        }
        let body = Body::from(envelope::seal(envelope::MESSAGE, message)?);
        match services.oneshot(Request::from_parts(head, body)).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// The answer's headers: those of gRPC's answer that are not its own, which are for pages, and the content type.
    fn headers(&self, from_grpc: HeaderMap) -> HeaderMap {
        let mut headers = without_grpc(from_grpc);
        headers.insert(header::CONTENT_TYPE, self.kind.content_type());
        headers
    }
}

fn without_grpc(headers: HeaderMap) -> HeaderMap {
    let is_grpc = |name: &HeaderName| name.as_str().starts_with("grpc-");
    let names: Vec<_> = headers.keys().filter(|name| is_grpc(name)).cloned().collect();
    names.into_iter().fold(headers, |mut headers, name| {
        headers.remove(name);
        headers
    })
}

/// The status in these headers, if it is not OK.
fn failed_status(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)
}

/// A bug on our side.
fn broken(text: &str) -> Status {
    Failure::new(Code::Internal, "INTERNAL", text).into()
}
