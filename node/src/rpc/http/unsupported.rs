//! Paths of the reference for features that this node does not have: microblocks, 2.x blocks, peers, replay.
//!
//! Reads of them get the router's 404; requests for action get 501.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// 501, as the reference answers for a disabled feature.
pub(super) async fn off() -> Response {
    (StatusCode::NOT_IMPLEMENTED, "not implemented: this node has no such feature").into_response()
}
