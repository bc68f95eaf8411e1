//! Why the chain does not answer.

use std::time::Duration;

/// What was looked for and not found. Its name is the reason code on the wire.
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
    /// A chunk, or that version of it.
    Chunk,
    /// A template request.
    Template,
    /// A validation request.
    Validation,
    /// The result of a template request: it is no longer kept.
    TemplateResult,
    /// The result of a validation request: it is no longer kept.
    ValidationResult,
}

impl Unknown {
    /// Reason code on the wire.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Block => "UNKNOWN_BLOCK",
            Self::BurnBlock => "UNKNOWN_BURN_BLOCK",
            Self::Contract => "UNKNOWN_CONTRACT",
            Self::Variable => "UNKNOWN_VARIABLE",
            Self::Transaction => "UNKNOWN_TRANSACTION",
            Self::StackerDb => "UNKNOWN_STACKERDB",
            Self::Slot => "UNKNOWN_SLOT",
            Self::Chunk => "UNKNOWN_CHUNK",
            Self::Template => "UNKNOWN_TEMPLATE",
            Self::Validation => "UNKNOWN_VALIDATION",
            Self::TemplateResult => "TEMPLATE_EXPIRED",
            Self::ValidationResult => "VALIDATION_EXPIRED",
        }
    }
}

/// Why a call was not answered. A refusal by the rules is an answer, not an error.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The sender's fault: a field is missing.
    #[error("{field} is missing")]
    Missing {
        /// Path of the field.
        field: &'static str,
    },
    /// The sender's fault: a field has a value that it cannot have.
    #[error("{field}: {detail}")]
    Invalid {
        /// Path of the field.
        field: &'static str,
        /// What the value is, and what it may be.
        detail: String,
    },
    /// What was asked for does not exist here.
    #[error("{} {id}", what.reason().to_lowercase().replace('_', " "))]
    NotFound {
        /// What kind of thing.
        what: Unknown,
        /// As the sender named it.
        id: String,
    },
    /// The state of the chain does not allow it.
    #[error("{detail}")]
    Precondition {
        /// Upper-snake code.
        reason: &'static str,
        /// What stands in the way.
        detail: String,
    },
    /// A queue is full; try again later.
    #[error("{reason}: try again in {retry_after:?}")]
    Busy {
        /// Upper-snake code of the queue.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk is full; the node reads on and writes again when there is room.
    #[error("storage is full")]
    StorageFull,
    /// The node is going down.
    #[error("the node is shutting down")]
    ShuttingDown,
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// Shorthand for [`Self::NotFound`] with an id in hex.
    #[must_use]
    pub fn unknown(what: Unknown, id: &[u8]) -> Self {
        Self::NotFound { what, id: hex::encode(id) }
    }

    /// Shorthand for [`Self::Invalid`].
    pub fn invalid(field: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Invalid { field, detail: detail.to_string() }
    }

    /// Shorthand for [`Self::Internal`].
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}
