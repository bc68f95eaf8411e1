//! Why the burn database refuses: one enum for each operation.

use crate::db::{OpenError, StoreError};
use std::path::Path;

use stacks_types::ids::{BurnBlockHash, ConsensusHash};

/// Why a question about the burn chain has no answer.
#[derive(Debug, thiserror::Error)]
pub enum BurnLookupError {
    /// No burn block has this hash.
    #[error("burn block {0} is not known")]
    UnknownBurnBlock(BurnBlockHash),
    /// No burn block has this consensus hash.
    #[error("no known burn block has consensus hash {0}")]
    UnknownConsensusHash(ConsensusHash),
    /// A child would be higher than contracts can read.
    #[error("burn height {0} is above {max}, the highest that `burn-block-height` can show", max = u32::MAX)]
    TooHigh(u64),
    /// The database failed; the question was fine.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BurnLookupError> for StoreError {
    fn from(error: BurnLookupError) -> Self {
        match error {
            BurnLookupError::Store(error) => error,
            // A caller that can meet an unknown block has handled that case before.
            other => Self::Corrupt(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for BurnLookupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why a burn database could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BurnOpenError {
    /// No chain can have these rules.
    #[error("burn chain rules: {set}{what}")]
    BadRules {
        /// The set that breaks it, with a space; empty for another rule.
        set: &'static str,
        /// The rule that is broken.
        what: &'static str,
    },
    /// The file is of a chain with other rules.
    #[error("the burn database was made with another {what}")]
    OtherRules {
        /// The first rule that differs.
        what: &'static str,
    },
    /// The file cannot be opened, or is not a burn database.
    #[error(transparent)]
    File(#[from] sqlite::OpenError),
    /// Its content cannot be read, or nothing can be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for BurnOpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl BurnOpenError {
    /// The error of the folder whose burn database is at `path`.
    pub(crate) fn at(path: &Path) -> impl Fn(Self) -> OpenError + '_ {
        move |error| match error {
            Self::File(error) => error.into(),
            Self::OtherRules { what } => OpenError::other_chain(path, vec![format!("{what} differs")]),
            other @ (Self::BadRules { .. } | Self::Store(_)) => OpenError::store(path)(other),
        }
    }
}

/// Why a cycle's stacker or producer set could not be set.
#[derive(Debug, thiserror::Error)]
pub enum SetMembersError {
    /// Blocks of that cycle (or a later one) exist: they were judged by the old set.
    #[error("reward cycle {cycle} starts at burn height {starts_at}, and burn height {highest} is already known")]
    CycleStarted {
        /// The cycle that was to be changed.
        cycle: u64,
        /// Its first burn height.
        starts_at: u64,
        /// The highest known burn block.
        highest: u64,
    },
    /// No burn block can be as high as the first block of that cycle.
    #[error("reward cycle {cycle} is never reached")]
    CycleTooFar {
        /// The cycle that was to be changed.
        cycle: u64,
    },
    /// The set breaks a rule.
    #[error("the set {what}")]
    BadSet {
        /// Whose set: `stackers` or `producers`.
        field: &'static str,
        /// The rule that is broken.
        what: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for SetMembersError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
