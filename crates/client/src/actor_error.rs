//! What ends a producer or a signer.

use super::feed::FeedError;

/// Why a program can do nothing for this node.
#[derive(Debug, thiserror::Error)]
pub enum ActorError {
    /// The event stream is refused.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The node asks for a token, and has another one than this.
    #[error("the node refuses the token ({0}): give it the node's by --auth-token or MOCKAMOTO_AUTH_TOKEN")]
    Token(String),
}
