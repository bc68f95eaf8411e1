//! Which transactions blocks of this chain may hold, judged without state
//! (docs/CONSENSUS.md#transactions-of-this-chain).
//!
//! # Not here
//! Signatures: `verified`. Anything that needs an account: `execution::process`.

use stacks_types::transaction::{CoinbaseRule, StacksTransaction, TransactionPayload};

use super::TransactionError;
use crate::params::ChainParams;

/// Checks network, chain, payload kind and the epoch's gates.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn check_static(tx: &StacksTransaction, params: &ChainParams) -> Result<(), TransactionError> {
    if tx.chain_id != params.chain_id {
        return Err(TransactionError::ChainId { got: tx.chain_id, expected: params.chain_id });
    }
    if tx.version.is_mainnet() != params.mainnet {
        return Err(TransactionError::Network);
    }
    check_payload(tx)?;
    // The wire types know what each epoch added. The anchor mode is ignored: there are no microblocks.
    match tx.epoch_rejects(params.epoch(), CoinbaseRule::Plain) {
        None => Ok(()),
        Some(rejection) => Err(TransactionError::NotInEpoch { what: rejection.to_string() }),
    }
}

fn check_payload(tx: &StacksTransaction) -> Result<(), TransactionError> {
    match &tx.payload {
        TransactionPayload::TokenTransfer { .. } => {
            if !tx.post_conditions.is_empty() {
                return Err(TransactionError::TransferWithPostConditions);
            }
            Ok(())
        }
        TransactionPayload::SmartContract { .. }
        | TransactionPayload::VersionedSmartContract { .. }
        | TransactionPayload::ContractCall(_)
        | TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. } => Ok(()),
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => {
            Err(TransactionError::PayloadNotAllowed { name: tx.payload.name() })
        }
    }
}
