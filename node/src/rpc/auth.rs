//! Bearer tokens for services that use the node's time or change the mocks.

use std::sync::Arc;

use axum::http::HeaderMap;
use subtle::ConstantTimeEq as _;
use tonic::{Code, Request, Status};

use super::errors::Failure;

/// The token that requests must show, if any. Cheap to clone; never printed.
#[derive(Clone, Default)]
pub struct Guard {
    token: Option<Arc<str>>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no `authorization: Bearer ...`.
    #[error("a bearer token is needed")]
    Missing,
    /// The token is another one.
    #[error("the bearer token is wrong")]
    Wrong,
}

impl Guard {
    /// `None` accepts every request.
    #[must_use]
    pub fn new(token: Option<&str>) -> Self {
        Self { token: token.map(Arc::from) }
    }

    /// Whether requests need a token.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.token.is_some()
    }

    /// Checks an `authorization` value: "Bearer TOKEN", or the token alone as the reference's clients send it.
    ///
    /// # Errors
    /// [`AuthError`].
    pub fn check(&self, authorization: Option<&[u8]>) -> Result<(), AuthError> {
        let Some(token) = &self.token else { return Ok(()) };
        let given = authorization.ok_or(AuthError::Missing)?;
        let given = match given.split_at_checked(7) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => rest.trim_ascii_start(),
            Some(_) | None => given,
        };
        // The time of the comparison reveals at most the token's length.
        if bool::from(given.ct_eq(token.as_bytes())) { Ok(()) } else { Err(AuthError::Wrong) }
    }

    /// Checks the headers of an HTTP request.
    ///
    /// # Errors
    /// [`AuthError`].
    pub fn check_headers(&self, headers: &HeaderMap) -> Result<(), AuthError> {
        self.check(headers.get("authorization").map(axum::http::HeaderValue::as_bytes))
    }

    /// Checks a gRPC request; for `with_interceptor`.
    ///
    /// # Errors
    /// UNAUTHENTICATED (TOKEN_MISSING, TOKEN_WRONG).
    pub fn intercept(&self, request: Request<()>) -> Result<Request<()>, Status> {
        let given = request.metadata().get("authorization").map(|value| value.as_encoded_bytes());
        self.check(given).map_err(|error| {
            let reason = match error {
                AuthError::Missing => "TOKEN_MISSING",
                AuthError::Wrong => "TOKEN_WRONG",
            };
            Status::from(Failure::new(Code::Unauthenticated, reason, error))
        })?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens_a_guarded_door() {
        let guard = Guard::new(Some("secret"));
        assert_eq!(guard.check(Some(b"Bearer secret")), Ok(()));
        assert_eq!(guard.check(Some(b"bearer  secret")), Ok(()));
        assert_eq!(guard.check(Some(b"secret")), Ok(()));
        for wrong in [&b""[..], b"Bearer", b"Bearer ", b"Bearer secre", b"Bearer secret2", b"\xff\xfe"] {
            assert_eq!(guard.check(Some(wrong)), Err(AuthError::Wrong));
        }
        assert_eq!(guard.check(None), Err(AuthError::Missing));
    }

    #[test]
    fn without_a_token_everybody_comes_in() {
        assert_eq!(Guard::default().check(None), Ok(()));
    }
}
