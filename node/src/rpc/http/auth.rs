//! Access to the paths that use the node's time.

use axum::http::{HeaderMap, StatusCode};

use super::respond::HttpError;
use crate::rpc::grpc::Services;

/// For the milestone's own paths: open to all requests if no token is configured, else to requests with the token.
pub(super) fn guarded(services: &Services, headers: &HeaderMap) -> Result<(), HttpError> {
    services.guard.check_headers(headers).map_err(|error| HttpError::text(StatusCode::UNAUTHORIZED, error))
}

/// For the reference's guarded paths: closed to all requests if no token is configured. The header may be the token alone,
/// as the reference's clients send it, or "Bearer TOKEN".
pub(super) fn operator(services: &Services, headers: &HeaderMap) -> Result<(), HttpError> {
    if !services.guard.is_set() {
        let advice = "set one (auth_token in the config, or the variable MOCKAMOTO_AUTH_TOKEN)";
        return Err(HttpError::bad_request(format!("no auth token is configured, so no request is let in: {advice}")));
    }
    guarded(services, headers)
}
