//! Answers and errors over HTTP.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::error::ApiError;
use crate::rpc::errors::log_failure;

/// An error with the body that the reference gives.
#[derive(Debug)]
pub(super) struct HttpError {
    status: StatusCode,
    body: Body,
    retry_after_s: Option<u64>,
}

#[derive(Debug)]
enum Body {
    Text(String),
    Json(Value),
}

/// Result of every handler.
pub(super) type Answer = Result<Response, HttpError>;

impl HttpError {
    pub(super) fn text(status: StatusCode, text: impl std::fmt::Display) -> Self {
        Self { status, body: Body::Text(text.to_string()), retry_after_s: None }
    }

    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body: Body::Json(body), retry_after_s: None }
    }

    pub(super) fn bad_request(text: impl std::fmt::Display) -> Self {
        Self::text(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn not_found(text: impl std::fmt::Display) -> Self {
        Self::text(StatusCode::NOT_FOUND, text)
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The same error with another body.
    pub(super) fn with_json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Advises when to try again.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<ApiError> for HttpError {
    fn from(error: ApiError) -> Self {
        let text = error.to_string();
        match error {
            ApiError::Missing { .. } | ApiError::MissingChoice { .. } | ApiError::Invalid { .. } => {
                Self::bad_request(text)
            }
            ApiError::NotFound { .. } | ApiError::NoJob { .. } => Self::not_found(text),
            ApiError::Precondition { .. } => Self::text(StatusCode::CONFLICT, text),
            ApiError::Busy { .. } | ApiError::TooManyBlocksWanted { .. } => {
                Self::text(StatusCode::TOO_MANY_REQUESTS, text).retry_after(1)
            }
            ApiError::StorageFull => Self::text(StatusCode::INSUFFICIENT_STORAGE, text).retry_after(1),
            ApiError::ShuttingDown => Self::text(StatusCode::SERVICE_UNAVAILABLE, text).retry_after(1),
            ApiError::Internal(source) => {
                log_failure(source.as_ref());
                Self::text(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Text(text) => (self.status, text).into_response(),
            Body::Json(body) => (self.status, Json(body)).into_response(),
        };
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// 200 with JSON.
pub(super) fn json(body: Value) -> Response {
    Json(body).into_response()
}

/// 200 with bytes.
pub(super) fn octets(bytes: bytes::Bytes) -> Response {
    let kind = HeaderValue::from_static("application/octet-stream");
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

/// Lower-case hex after 0x.
pub(super) fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
