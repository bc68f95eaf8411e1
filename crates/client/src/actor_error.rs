//! Errors that end a producer or a signer.

use super::feed::FeedError;

/// Why a producer or signer ends on its own.
#[derive(Debug, thiserror::Error)]
pub enum ActorError {
    /// The node refuses the event stream permanently.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The node refuses the bearer token, or requires one; the node's message.
    #[error("the node refuses the token ({0}): give it the node's by --auth-token or MOCKAMOTO_AUTH_TOKEN")]
    Token(String),
}
