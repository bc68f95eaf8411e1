//! What blocks of this chain hold at all, judged without state (docs/CONSENSUS.md#transactions-of-this-chain).
//!
//! # Not here
//! Signatures: `verified`. Anything that needs an account: `process`.

use ::clarity::vm::ClarityVersion;
use stacks_types::transaction::{Epoch, StacksTransaction, TransactionPayload};

use super::TransactionError;
use crate::params::ChainParams;

/// Checks network, chain, payload kind and the epoch's gates.
///
/// # Errors
/// The first rule that does not hold.
pub fn check_static(tx: &StacksTransaction, params: &ChainParams) -> Result<(), TransactionError> {
    if tx.chain_id != params.chain_id {
        return Err(TransactionError::ChainId { got: tx.chain_id, expected: params.chain_id });
    }
    if tx.version.is_mainnet() != params.mainnet {
        return Err(TransactionError::Network);
    }
    check_payload(tx, params)?;
    // The wire types know what each epoch added. The anchor mode is not looked at: there are no microblocks.
    let Some(epoch) = Epoch::from_name(&params.epoch.to_string()) else {
        return Err(TransactionError::NotInEpoch { what: format!("epoch {} has no transactions", params.epoch) });
    };
    match tx.epoch_rejects(epoch, true) {
        None => Ok(()),
        Some(rejection) => Err(TransactionError::NotInEpoch { what: rejection.to_string() }),
    }
}

fn check_payload(tx: &StacksTransaction, params: &ChainParams) -> Result<(), TransactionError> {
    match &tx.payload {
        TransactionPayload::TokenTransfer { .. } => {
            if !tx.post_conditions.is_empty() {
                return Err(TransactionError::TransferWithPostConditions);
            }
            Ok(())
        }
        TransactionPayload::SmartContract { .. }
        | TransactionPayload::ContractCall(_)
        | TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. } => Ok(()),
        TransactionPayload::VersionedSmartContract { version, .. } => match version.to_vm() {
            Some(version) if version <= ClarityVersion::default_for_epoch(params.epoch) => Ok(()),
            _ => Err(TransactionError::NotInEpoch { what: format!("clarity version {}", version.to_byte()) }),
        },
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => {
            Err(TransactionError::PayloadNotAllowed { name: tx.payload.name() })
        }
    }
}
