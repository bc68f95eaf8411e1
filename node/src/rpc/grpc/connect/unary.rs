//! Calls with one answer: a message is a body.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use tonic::Status;
use tower::Service;

use super::{Call, broken, envelope, error, failed_status, without_grpc};

/// Answers a call.
///
/// # Errors
/// What is wrong with the request, or stands in the way of an answer.
pub(super) async fn answer<S>(call: Call, services: S, head: request::Parts, body: Body) -> Result<Response, Status>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let message = call.codec.body(body, 0).await?;
    let message = call.codec.read(call.method.input(), message).await?;
    let (mut head, body) = call.run(services, head, &message).await?.into_parts();
    let body = body.collect().await.map_err(|_| broken("the answer broke off"))?;
    if let Some(status) = failed_status(&head.headers).or_else(|| body.trailers().and_then(failed_status)) {
        let mut refusal = error::response(&status);
        let of_error = std::mem::take(refusal.headers_mut());
        *refusal.headers_mut() = without_grpc(head.headers);
        refusal.headers_mut().extend(of_error);
        return Ok(refusal);
    }
    let mut answer = body.to_bytes().into();
    let message = envelope::open(&mut answer).ok_or_else(|| broken("the answer has no message"))?.message;
    let message = call.codec.write(call.method.output(), message).await?;
    head.headers = call.headers(head.headers);
    Ok(Response::from_parts(head, Body::from(message)))
}
