//! Why a question has no answer.

use crate::burn::BurnLookupError;
use crate::chain::ReadStateError;
use crate::db::StoreError;
use crate::execution::read_only::ReadError;

/// The kind of thing that was not found. Its name is the reason code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// A Stacks block.
    Block,
    /// A burn block, by hash or height.
    BurnBlock,
    /// A contract, by its identifier.
    Contract,
    /// A data variable or map of a contract.
    Variable,
    /// A transaction, by its id.
    Transaction,
    /// A StackerDB instance.
    StackerDb,
    /// A slot of a StackerDB.
    Slot,
    /// A chunk, or that version of one.
    Chunk,
}

impl Unknown {
    /// Reason code on the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Block => "UNKNOWN_BLOCK",
            Self::BurnBlock => "UNKNOWN_BURN_BLOCK",
            Self::Contract => "UNKNOWN_CONTRACT",
            Self::Variable => "UNKNOWN_VARIABLE",
            Self::Transaction => "UNKNOWN_TRANSACTION",
            Self::StackerDb => "UNKNOWN_STACKERDB",
            Self::Slot => "UNKNOWN_SLOT",
            Self::Chunk => "UNKNOWN_CHUNK",
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The thing asked for does not exist here.
    #[error("{} {id}", what.reason())]
    NotFound {
        /// The kind of thing.
        what: Unknown,
        /// Its name: hex of its bytes, an identifier, or "at height N".
        id: String,
    },
    /// The engine failed. An error of the caller's own call is not this: it is an answer ([`super::call`]).
    #[error(transparent)]
    State(ReadError),
    /// The node's own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LookupError {
    /// The error when nothing has this id.
    pub(super) fn unknown(what: Unknown, id: &[u8]) -> Self {
        Self::NotFound { what, id: hex::encode(id) }
    }

    /// The error when no block of this kind is at this height.
    pub(super) fn unknown_height(what: Unknown, height: u64) -> Self {
        Self::NotFound { what, id: format!("at height {height}") }
    }

    /// The error when the databases contradict themselves.
    pub(super) fn corrupt(detail: impl std::fmt::Display) -> Self {
        Self::Store(StoreError::Corrupt(detail.to_string()))
    }
}

impl From<BurnLookupError> for LookupError {
    fn from(error: BurnLookupError) -> Self {
        match error {
            BurnLookupError::UnknownBurnBlock(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            BurnLookupError::UnknownConsensusHash(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            // Only mining fails this way, no read does.
            error @ BurnLookupError::TooHigh(_) => Self::Store(error.into()),
            BurnLookupError::Store(error) => error.into(),
        }
    }
}

impl From<ReadStateError> for LookupError {
    fn from(error: ReadStateError) -> Self {
        match error {
            ReadStateError::UnknownBlock(id) => Self::unknown(Unknown::Block, &id.0),
            ReadStateError::Read(error) => error.into(),
            ReadStateError::Store(error) => error.into(),
        }
    }
}

impl From<ReadError> for LookupError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownBlock(id) => Self::unknown(Unknown::Block, &id.0),
            error => Self::State(error),
        }
    }
}
