//! Paths of the reference that this node has nothing behind: microblocks, 2.x blocks, peers, replay.
//!
//! Reads of such things answer 404 by the router's fallback; what would make the node do something answers 501.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// 501, as the reference answers for a feature that is off.
pub(super) async fn off() -> Response {
    (StatusCode::NOT_IMPLEMENTED, "not implemented: this node has no such feature").into_response()
}
