//! The cost of a payload on the tip: it is executed, and the result is dropped.
//!
//! # Invariants
//! - Nothing is written: the session is dropped unsealed.
//! - The estimate ends with the caller's deadline and within one tenure's cost limit.

use clarity::costs::Cost;
use clarity::principal::ContractId;
use stacks_types::address::{HashMode, StacksAddress};
use stacks_types::ids::Hash160;
use stacks_types::keys::{KeyEncoding, MessageSignature};
use stacks_types::transaction::{
    BlockTransaction, MultiSigCondition, MultiSigHashMode, PostConditionMode, SingleSigCondition, SingleSigHashMode,
    SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};

use super::LookupError;
use super::simulate::extend_tenure;
use crate::blocks::begin_block;
use crate::chain::Snapshot;
use crate::execution::Expired;
use crate::transactions::{TransactionError, VerifiedTransaction};

/// Sender of payloads that name none: an account that belongs to no key, so it has no contracts.
const NOBODY: Hash160 = Hash160([0xff; 20]);

/// Why there is no estimate; for the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEstimate {
    /// The chain does not allow such payloads, or they cannot be submitted.
    #[error("{0} transactions cannot be sent")]
    NotSent(&'static str),
    /// The called contract does not exist.
    #[error("no contract {0}")]
    NoSuchContract(ContractId),
    /// Running it failed in a way that no block can hold.
    #[error("{0}")]
    NotMinable(String),
    /// The time ended before the execution did.
    #[error("the time is over")]
    DeadlinePassed,
}

/// Cost of `payload` on the canonical tip. A call runs as the contract's deployer, who passes most checks of the
/// sender; a deployment runs as an account without a key. Post-conditions are not known, so none is checked.
///
/// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
///
/// # Errors
/// The outer error is the node's failure; the inner one says why there is no estimate.
pub fn cost(
    snapshot: &Snapshot<'_>,
    payload: TransactionPayload,
    expired: Expired<'_>,
) -> Result<Result<Cost, NoEstimate>, LookupError> {
    let params = snapshot.params();
    let sender = match &payload {
        TransactionPayload::TokenTransfer { .. } => return Ok(Ok(Cost::default())),
        TransactionPayload::ContractCall(call) => {
            let contract = call.contract_id();
            if !snapshot.state_at(None, |state| state.contract_exists(&contract))? {
                return Ok(Err(NoEstimate::NoSuchContract(contract)));
            }
            call.address
        }
        TransactionPayload::SmartContract { .. } | TransactionPayload::VersionedSmartContract { .. } => {
            StacksAddress::of_key_hash(NOBODY, params.mainnet)
        }
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. }
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => return Ok(Err(NoEstimate::NotSent(payload.name()))),
    };
    let nonce = snapshot.account(&sender.to_principal(), None)?.nonce;
    let auth = TransactionAuth::Standard(condition(sender, nonce));
    let mut transaction = StacksTransaction::new(params.mainnet, auth, payload);
    transaction.chain_id = params.chain_id;
    transaction.post_condition_mode = PostConditionMode::Allow;
    run_on_tip(snapshot, &BlockTransaction::new(transaction), expired)
}

fn run_on_tip(
    snapshot: &Snapshot<'_>,
    transaction: &BlockTransaction,
    expired: Expired<'_>,
) -> Result<Result<Cost, NoEstimate>, LookupError> {
    let plan = extend_tenure(snapshot, snapshot.tip()?)?;
    let headers = snapshot.headers(plan.parent.block_id);
    let session = begin_block(snapshot.block_env(&headers), &plan);
    let mut session = session.map_err(LookupError::corrupt)?;
    session.stop_when(expired);
    match session.process_verified(&VerifiedTransaction::remembered(transaction)) {
        Ok(receipt) => Ok(Ok(receipt.cost)),
        Err(TransactionError::DeadlinePassed) => Ok(Err(NoEstimate::DeadlinePassed)),
        Err(error) if error.is_node_failure() => Err(LookupError::corrupt(error)),
        Err(error) => Ok(Err(NoEstimate::NotMinable(error.to_string()))),
    }
}

/// An unsigned spending condition with fee 0 for an address of either kind.
fn condition(sender: StacksAddress, nonce: u64) -> SpendingCondition {
    let multisig = [true, false].map(|mainnet| HashMode::P2sh.address(sender.hash160(), mainnet));
    if multisig.contains(&sender) {
        return SpendingCondition::MultiSig(MultiSigCondition {
            hash_mode: MultiSigHashMode::P2sh,
            signer: sender.hash160(),
            nonce,
            fee: 0,
            fields: Vec::new(),
            signatures_required: 0,
        });
    }
    SpendingCondition::SingleSig(SingleSigCondition {
        hash_mode: SingleSigHashMode::P2pkh,
        signer: sender.hash160(),
        nonce,
        fee: 0,
        key_encoding: KeyEncoding::Compressed,
        signature: MessageSignature::default(),
    })
}
