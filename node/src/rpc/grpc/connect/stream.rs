//! The event stream: every message in an envelope, and at the end one with the error, if there is one.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request;
use axum::response::Response;
use bytes::BytesMut;
use futures_util::stream::unfold;
use http_body_util::BodyExt as _;
use prost_reflect::MessageDescriptor;
use serde_json::json;
use tonic::{Code, Status};
use tower::Service;

use super::codec::Codec;
use super::envelope::{self, HEAD_BYTES};
use super::{Call, broken, error, failed_status};
use crate::rpc::errors::Failure;

/// Answers a call: always with a stream, as a failure is its end.
pub(super) async fn answer<S>(call: Call, services: S, head: request::Parts, body: Body) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let content_type = call.kind.content_type();
    let answered = open(call, services, head, body).await;
    answered.unwrap_or_else(|status| {
        let mut response = Response::new(Body::from(end(Some(&status))));
        response.headers_mut().insert(axum::http::header::CONTENT_TYPE, content_type);
        response
    })
}

async fn open<S>(call: Call, services: S, head: request::Parts, body: Body) -> Result<Response, Status>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let message = only_message(call.codec.body(body, HEAD_BYTES).await?)?;
    let message = call.codec.read(call.method.input(), message).await?;
    let (mut head, frames) = call.run(services, head, &message).await?.into_parts();
    let refusal = failed_status(&head.headers);
    head.headers = call.headers(head.headers);
    let messages = Messages { frames, kind: call.method.output(), codec: call.codec, come: BytesMut::new() };
    let body = match refusal {
        Some(status) => Body::from(end(Some(&status))),
        None => Body::from_stream(unfold(Some(messages), |messages| async move {
            let mut messages = messages?;
            Some(match messages.next().await {
                Ok(Some(made)) => (Ok::<_, Infallible>(made), Some(messages)),
                Ok(None) => (Ok(end(None)), None),
                Err(status) => (Ok(end(Some(&status))), None),
            })
        })),
    };
    Ok(Response::from_parts(head, body))
}

/// The message of a request's body, which has one.
fn only_message(body: Bytes) -> Result<Bytes, Status> {
    let mut body = body.into();
    match envelope::open(&mut body) {
        Some(one) if one.flags == envelope::MESSAGE && body.is_empty() => Ok(one.message),
        _ => {
            let text = "the body is one message, uncompressed, after a zero byte and its length in four bytes";
            Err(Failure::new(Code::InvalidArgument, "REQUEST_UNDECODABLE", text).into())
        }
    }
}

/// The messages of a gRPC stream.
struct Messages {
    frames: Body,
    kind: MessageDescriptor,
    codec: Codec,
    /// Bytes of a message that is not whole yet.
    come: BytesMut,
}

impl Messages {
    /// The next messages in their envelopes; `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            let Some(frame) = self.frames.frame().await else { return Ok(None) };
            let frame = frame.map_err(|_| broken("the stream broke off"))?;
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(last) => return last.trailers_ref().and_then(failed_status).map_or(Ok(None), Err),
            };
            self.come.extend_from_slice(&data);
            let mut made = BytesMut::new();
            while let Some(one) = envelope::open(&mut self.come) {
                let message = self.codec.write_next(self.kind.clone(), one.message).await?;
                made.extend_from_slice(&envelope::seal(envelope::MESSAGE, &message)?);
            }
            if self.come.is_empty() {
                // It would keep the memory of the largest message, which nobody counts, as long as the stream lives.
                self.come = BytesMut::new();
            }
            if !made.is_empty() {
                return Ok(Some(made.freeze()));
            }
        }
    }
}

/// The end of a stream.
fn end(failure: Option<&Status>) -> Bytes {
    let text = failure.map_or_else(|| json!({}), |status| json!({ "error": error::json(status) })).to_string();
    // An error's text has a limit, so it fits.
    envelope::seal(envelope::END, text.as_bytes()).unwrap_or_default()
}
