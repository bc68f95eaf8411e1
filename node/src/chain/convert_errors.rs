//! Errors of the chain as those of the trait.

use chainstate::burn::{BurnLookupError, SetMembersError};
use chainstate::chain::ReadStateError;
use chainstate::db::StoreError;
use chainstate::execution::read_only::ReadError;

use crate::error::{ApiError, Unknown};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::StorageFull,
            StoreError::ShuttingDown => Self::ShuttingDown,
            StoreError::Database(_) | StoreError::Marf(_) | StoreError::Corrupt(_) => Self::internal(error),
        }
    }
}

impl From<BurnLookupError> for ApiError {
    fn from(error: BurnLookupError) -> Self {
        match error {
            BurnLookupError::UnknownBurnBlock(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            BurnLookupError::UnknownConsensusHash(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            BurnLookupError::TooHigh(_) => {
                Self::Precondition { reason: "BURN_HEIGHT_LIMIT", detail: error.to_string() }
            }
            BurnLookupError::Store(error) => error.into(),
        }
    }
}

impl From<SetMembersError> for ApiError {
    fn from(error: SetMembersError) -> Self {
        match error {
            SetMembersError::CycleStarted { .. } => {
                Self::Precondition { reason: "CYCLE_STARTED", detail: error.to_string() }
            }
            SetMembersError::BadSet { .. } => Self::invalid("set", error),
            SetMembersError::CycleTooFar { .. } => Self::invalid("reward_cycle", error),
            SetMembersError::Store(error) => error.into(),
        }
    }
}

impl From<ReadStateError> for ApiError {
    fn from(error: ReadStateError) -> Self {
        match error {
            ReadStateError::UnknownBlock(id) => Self::unknown(Unknown::Block, &id.0),
            ReadStateError::Read(error) => error.into(),
            ReadStateError::Store(error) => error.into(),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownBlock(id) => Self::unknown(Unknown::Block, &id.0),
            ReadError::Storage(_)
            | ReadError::Vm(_)
            | ReadError::NotReadOnly
            | ReadError::DeadlinePassed
            | ReadError::Panicked(_) => Self::internal(error),
        }
    }
}
