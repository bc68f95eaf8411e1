//! Turns errors of the chain into errors of the node's services.

use chainstate::burn::{BurnLookupError, SetMembersError};
use chainstate::chain::StoreBlockError;
use chainstate::db::StoreError;
use chainstate::read::{LookupError, Unknown};

use crate::error::ApiError;
use crate::limits::RETRY_AFTER;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::StorageFull,
            StoreError::ShuttingDown => Self::ShuttingDown,
            StoreError::Database(_) | StoreError::Marf(_) | StoreError::Corrupt(_) => Self::internal(error),
        }
    }
}

impl From<StoreBlockError> for ApiError {
    fn from(error: StoreBlockError) -> Self {
        match error {
            StoreBlockError::StagingFull => Self::Busy { reason: "STAGING_FULL", retry_after: RETRY_AFTER },
            StoreBlockError::Store(error) => error.into(),
        }
    }
}

impl From<BurnLookupError> for ApiError {
    fn from(error: BurnLookupError) -> Self {
        match error {
            BurnLookupError::UnknownBurnBlock(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            BurnLookupError::UnknownConsensusHash(hash) => Self::unknown(Unknown::BurnBlock, &hash.0),
            BurnLookupError::TooHigh(height) => Self::Precondition {
                reason: "BURN_HEIGHT_LIMIT",
                detail: error.to_string(),
                values: vec![("height", height)],
            },
            BurnLookupError::Store(error) => error.into(),
        }
    }
}

impl From<SetMembersError> for ApiError {
    fn from(error: SetMembersError) -> Self {
        match error {
            SetMembersError::CycleStarted { cycle, starts_at, highest } => Self::Precondition {
                reason: "CYCLE_STARTED",
                detail: error.to_string(),
                values: vec![("reward_cycle", cycle), ("first_burn_height", starts_at), ("burn_height", highest)],
            },
            SetMembersError::BadSet { field, .. } => Self::invalid(field, error),
            SetMembersError::CycleTooFar { .. } => Self::invalid("reward_cycle", error),
            SetMembersError::Store(error) => error.into(),
        }
    }
}

impl From<LookupError> for ApiError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NotFound { what, id } => Self::NotFound { what, id },
            LookupError::State(error) => Self::internal(error),
            LookupError::Store(error) => error.into(),
        }
    }
}
