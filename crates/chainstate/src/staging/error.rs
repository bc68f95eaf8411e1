//! Why a staged block's state could not be changed.

use crate::db::StoreError;
use stacks_types::ids::StacksBlockId;

/// Why a block's state could not be changed. Nothing is changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MarkError {
    /// No such block is staged.
    #[error("block {0} is not staged")]
    UnknownBlock(StacksBlockId),
    /// The block is in a final state.
    #[error("block {block_id} is already {state}")]
    AlreadyFinal {
        /// Id of the block that was to be marked.
        block_id: StacksBlockId,
        /// `processed` or `orphaned`.
        state: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MarkError> for StoreError {
    fn from(error: MarkError) -> Self {
        match error {
            MarkError::Store(error) => error,
            // A caller that marks a block has read it before, so the file and the caller disagree.
            MarkError::UnknownBlock(_) | MarkError::AlreadyFinal { .. } => Self::Corrupt(error.to_string()),
        }
    }
}
