//! Who may use the paths that spend the node's time.

use axum::http::{HeaderMap, StatusCode};

use super::respond::HttpError;
use crate::rpc::grpc::Services;

/// The milestone's own paths: everybody, or who knows the token when one is configured.
pub(super) fn guarded(services: &Services, headers: &HeaderMap) -> Result<(), HttpError> {
    services.guard.check_headers(headers).map_err(|error| HttpError::text(StatusCode::UNAUTHORIZED, error))
}

/// The reference's guarded paths: nobody when no token is configured. The header may be the token alone, as the
/// reference's clients send it, or "Bearer TOKEN".
pub(super) fn operator(services: &Services, headers: &HeaderMap) -> Result<(), HttpError> {
    if !services.guard.is_set() {
        let cure = "set one (auth_token in the config, or the variable MOCKAMOTO_AUTH_TOKEN)";
        return Err(HttpError::bad_request(format!("no auth token is configured, so nobody can be let in: {cure}")));
    }
    guarded(services, headers)
}
