//! Why the chain does not answer.

use std::borrow::Cow;
use std::time::Duration;

use chainstate::read::Unknown;

/// Kind of the job that was asked for and is not there; its name is the reason code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownJob {
    /// A template request.
    Template,
    /// A validation demand.
    Validation,
    /// The result of a template request, which is no longer kept.
    TemplateResult,
    /// The result of a validation demand, which is no longer kept.
    ValidationResult,
}

impl UnknownJob {
    /// Reason code on the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
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
    /// The sender's fault: none of the fields is given of which one must be.
    #[error("{field} is missing: give one of {choices}")]
    MissingChoice {
        /// Path of the oneof.
        field: &'static str,
        /// Its fields.
        choices: &'static str,
    },
    /// The sender's fault: a field has a value that it cannot have.
    #[error("{field}: {detail}")]
    Invalid {
        /// Path of the field, with the place in each list.
        field: Cow<'static, str>,
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
    /// There is no such job.
    #[error("{} {id}", what.reason().to_lowercase().replace('_', " "))]
    NoJob {
        /// Which kind, and whether it ever existed.
        what: UnknownJob,
        /// As the sender named it.
        id: String,
    },
    /// The state of the chain does not allow it.
    #[error("{detail}")]
    Precondition {
        /// Upper-snake code.
        reason: &'static str,
        /// Why the state does not allow it.
        detail: String,
        /// The values of it, by name.
        values: Vec<(&'static str, u64)>,
    },
    /// A queue is full; try again later.
    #[error("{reason}: try again in {retry_after:?}")]
    Busy {
        /// Upper-snake code of the queue.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// So many blocks are wanted that these would be too many.
    #[error("{wanted} blocks are wanted and not there yet: {count} more are above {max}")]
    TooManyBlocksWanted {
        /// Blocks that were asked for and are not there yet.
        wanted: u32,
        /// Blocks that were asked for now.
        count: u32,
        /// Most that may be wanted.
        max: u32,
    },
    /// The disk is full. The node still reads, and writes again when there is room.
    #[error("storage is full")]
    StorageFull,
    /// The node is stopping.
    #[error("the node is shutting down")]
    ShuttingDown,
    /// A failure of the node.
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
    pub fn invalid(field: impl Into<Cow<'static, str>>, detail: impl std::fmt::Display) -> Self {
        Self::Invalid { field: field.into(), detail: detail.to_string() }
    }

    /// Shorthand for [`Self::Internal`].
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}
