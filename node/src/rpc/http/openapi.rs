//! The OpenAPI document, written by hand; a test compares it with the table of paths.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

/// OpenAPI 3.1.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

/// GET /openapi.json.
pub(super) async fn document() -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], DOCUMENT).into_response()
}
