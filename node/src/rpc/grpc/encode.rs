//! Encodes answers of the chain as messages of the API, with a function for each message.

use chainstate::burn::{BurnBlockInfo, StackerSet};
use chainstate::chain::{Admission, AdmissionRefusal, ChunkOutcome, Decision, StoreOutcome};
use chainstate::mempool::PendingTransaction;
use chainstate::params::{ChainParams, Producer, Stacker};
use chainstate::read::account::AccountAt;
use chainstate::read::block::Block;
use chainstate::read::producer_view::ProducerView;
use chainstate::read::tip::Tips;
use chainstate::read::transaction::{KnownTransaction, TransactionState};
use chainstate::stackerdb::{PutRefusal, SlotMetadata};
use chainstate::staging::StagingState;
use chainstate::transactions::TransactionError;
use chainstate::wire;
use clarity::value::Value;
use nakamoto_proto::v1;
use serde_json::json;
use stacks_types::address::StacksAddress;

use crate::rpc::simulation::Simulation;

/// The canonical tips.
pub(crate) fn tips(tips: &Tips) -> v1::GetTipResponse {
    v1::GetTipResponse {
        tip: Some(wire::block_ref(&tips.tip)),
        burn_view: Some(wire::burn_block(&tips.burn_view)),
        burn_tip: Some(wire::burn_block(&tips.burn_tip)),
        tenure_height: tips.tip.tenure.height,
        sequence: tips.sequence,
    }
}

/// Ids, height and burn view of a block.
pub(crate) fn block_ref(block: &Block) -> v1::BlockRef {
    v1::BlockRef {
        block_id: wire::id(&block.block_id),
        block_hash: block.block_hash.map(|hash| wire::bytes(&hash.0)).unwrap_or_default(),
        chain_length: block.chain_length,
        burn_block_hash: wire::bytes(&block.burn_view.0),
    }
}

/// The outcome of a push.
pub(super) fn pushed(outcome: &StoreOutcome) -> v1::PushBlockResponse {
    let (outcome, id, rejection) = match outcome {
        StoreOutcome::Stored(id) => (v1::PushOutcome::Accepted, Some(id), None),
        StoreOutcome::AlreadyKnown(id, rejection) => (v1::PushOutcome::AlreadyKnown, Some(id), rejection.as_ref()),
        StoreOutcome::Rejected(id, rejection) => (v1::PushOutcome::Rejected, id.as_ref(), Some(rejection)),
    };
    v1::PushBlockResponse {
        outcome: outcome.into(),
        block_id: id.map(wire::id).unwrap_or_default(),
        rejection: rejection.map(wire::rejection),
    }
}

/// A block with its bytes.
pub(super) fn block(block: Block) -> v1::GetBlockResponse {
    let state = match block.state {
        StagingState::Stored => v1::BlockState::Stored,
        StagingState::Processed => v1::BlockState::Processed,
        StagingState::Orphaned { .. } => v1::BlockState::Orphaned,
    };
    v1::GetBlockResponse {
        r#ref: Some(block_ref(&block)),
        header: block.header.as_ref().map(wire::header),
        block: block.encoded.into(),
        state: state.into(),
        is_canonical: block.is_canonical,
    }
}

/// A burn block, and whether it is canonical.
pub(super) fn burn_block(block: &BurnBlockInfo, is_canonical: bool) -> v1::GetBurnBlockResponse {
    v1::GetBurnBlockResponse { burn_block: Some(wire::burn_block(block)), is_canonical }
}

/// Producers, in the order of their slots.
pub(crate) fn producer_set(producers: &[Producer]) -> v1::GetProducerSetResponse {
    let member = |(slot_id, producer): (u32, &Producer)| v1::ProducerSetMember {
        address: producer.address.to_string(),
        vrf_public_key: wire::bytes(&producer.vrf_public_key.0),
        slot_id,
    };
    v1::GetProducerSetResponse { producers: (0..).zip(producers).map(member).collect() }
}

/// The stackers of a reward cycle.
pub(crate) fn stacker_set(set: &StackerSet) -> v1::GetStackerSetResponse {
    v1::GetStackerSetResponse { stackers: stackers(set), reward_cycle: set.cycle }
}

fn stackers(set: &StackerSet) -> Vec<v1::StackerSetMember> {
    let member = |(slot_id, stacker): (u32, &Stacker)| v1::StackerSetMember {
        address: stacker.address.to_string(),
        weight: stacker.weight,
        slot_id,
    };
    (0..).zip(&set.stackers).map(member).collect()
}

/// What a producer must know before it makes a block.
pub(super) fn producer_view(view: &ProducerView, params: &ChainParams) -> v1::GetProducerViewResponse {
    v1::GetProducerViewResponse {
        new_tenure: view.new_tenure,
        elected: view.elected,
        nonce: view.nonce,
        stackers: stackers(&view.stackers),
        producer_slot_id: view.producer_slot_id,
        tip: Some(wire::block_ref(&view.tip)),
        burn_tip: Some(wire::burn_block(&view.burn_tip)),
        mempool_count: view.mempool_count,
        signing_mode: wire::signing_mode(params.signing).into(),
        chain_id: params.chain_id,
        mainnet: params.mainnet,
        sequence: view.sequence,
        mining: Some(view.mining.into()),
    }
}

/// Whether a transaction is in the mempool, or why not.
pub(super) fn decision(decision: &Decision) -> v1::SubmitTransactionResponse {
    match decision {
        Ok(Admission::Accepted(txid) | Admission::AlreadyPending(txid) | Admission::AlreadyMined(txid)) => {
            v1::SubmitTransactionResponse {
                accepted: true,
                txid: wire::bytes(&txid.0),
                ..v1::SubmitTransactionResponse::default()
            }
        }
        Err(AdmissionRefusal::Undecodable(error)) => v1::SubmitTransactionResponse {
            refusal_reason: "Deserialization".to_owned(),
            refusal_data_json: json!({ "message": error.to_string() }).to_string(),
            ..v1::SubmitTransactionResponse::default()
        },
        Err(AdmissionRefusal::Refused { txid, refusal }) => v1::SubmitTransactionResponse {
            accepted: false,
            txid: wire::bytes(&txid.0),
            refusal_reason: refusal.reason().to_owned(),
            refusal_data_json: refusal.reason_data().map(|data| data.to_string()).unwrap_or_default(),
            refusal_message: refusal.to_string(),
        },
    }
}

/// A transaction and its state.
pub(crate) fn transaction(known: KnownTransaction) -> v1::GetTransactionResponse {
    let mut answer = v1::GetTransactionResponse {
        transaction: known.raw.into(),
        pending: known.is_pending,
        state: transaction_state(&known.state).into(),
        detail: known.detail,
        ..v1::GetTransactionResponse::default()
    };
    if let Some(mined) = known.mined {
        answer.block = Some(wire::block_ref(&mined.block));
        answer.is_canonical = mined.is_canonical;
        answer.receipt = mined.receipt;
    }
    if let TransactionState::Dropped { reason, new_txid } = known.state {
        answer.drop_reason = reason.into();
        answer.new_txid = new_txid.map(|txid| wire::bytes(&txid.0)).unwrap_or_default();
    }
    answer
}

/// What a transaction would do, or why no block can hold it.
pub(super) fn simulated(done: Result<Simulation, TransactionError>) -> v1::SimulateTransactionResponse {
    match done {
        Ok(simulation) => v1::SimulateTransactionResponse {
            parent: Some(wire::block_ref(&simulation.parent)),
            chain_length: simulation.parent.chain_length.saturating_add(1),
            receipt: Some(simulation.receipt),
            cost_limit: Some(wire::cost(&simulation.cost_limit)),
            ..v1::SimulateTransactionResponse::default()
        },
        Err(error) => v1::SimulateTransactionResponse {
            refusal: simulation_refusal(&error).into(),
            refusal_detail: error.to_string(),
            ..v1::SimulateTransactionResponse::default()
        },
    }
}

const fn simulation_refusal(error: &TransactionError) -> v1::SimulationRefusal {
    use v1::SimulationRefusal as Refusal;
    match error {
        TransactionError::Signature { .. } => Refusal::Signature,
        TransactionError::ChainId { .. } | TransactionError::Network => Refusal::Network,
        TransactionError::PayloadNotAllowed { .. } => Refusal::Payload,
        TransactionError::NotInEpoch { .. } => Refusal::Epoch,
        TransactionError::BadNonce { .. } => Refusal::Nonce,
        TransactionError::SelfTransfer
        | TransactionError::TransferWithPostConditions
        | TransactionError::TransferAmount { amount: 0, .. } => Refusal::Transfer,
        TransactionError::FeeAboveBalance { .. } | TransactionError::TransferAmount { .. } => Refusal::Funds,
        TransactionError::ContractExists(_) => Refusal::ContractExists,
        TransactionError::CostExceeded(_) => Refusal::Cost,
        TransactionError::ReceiptsTooLarge { .. }
        | TransactionError::ContractTooLarge { .. }
        | TransactionError::TookTooLong { .. }
        | TransactionError::HeldTooMuch { .. } => Refusal::Limits,
        TransactionError::Rejected { .. } | TransactionError::Panicked { .. } => Refusal::Engine,
        // The node's own: they never come as a refusal.
        TransactionError::DeadlinePassed
        | TransactionError::Interrupted
        | TransactionError::Storage(_)
        | TransactionError::SessionPoisoned => Refusal::Unspecified,
    }
}

/// The state of a transaction.
pub(crate) const fn transaction_state(state: &TransactionState) -> v1::TransactionState {
    match state {
        TransactionState::Mined => v1::TransactionState::Mined,
        TransactionState::Ready => v1::TransactionState::Ready,
        TransactionState::Waiting => v1::TransactionState::Waiting,
        TransactionState::RolledBack => v1::TransactionState::RolledBack,
        TransactionState::Dropped { .. } => v1::TransactionState::Dropped,
    }
}

/// A pending transaction.
pub(crate) fn pending(pending: &PendingTransaction) -> v1::PendingTransaction {
    v1::PendingTransaction {
        txid: wire::bytes(&pending.txid.0),
        origin: pending.origin.to_string(),
        nonce: pending.origin_nonce,
        fee_ustx: pending.fee,
        size_bytes: pending.size_bytes,
    }
}

pub(super) fn account(at: &AccountAt) -> v1::GetAccountResponse {
    v1::GetAccountResponse {
        balance_ustx: wire::bytes(&at.account.available.to_be_bytes()),
        locked_ustx: wire::bytes(&at.account.locked.to_be_bytes()),
        unlock_height: at.account.unlock_height,
        nonce: at.account.nonce,
        block_id: wire::id(&at.block_id),
    }
}

/// The result of a read-only call, or why it failed.
pub(super) fn call(result: Result<Value, String>) -> v1::CallReadOnlyResponse {
    match result {
        Ok(value) => v1::CallReadOnlyResponse { okay: true, result: value.encode().into(), cause: String::new() },
        Err(cause) => v1::CallReadOnlyResponse { okay: false, cause, ..v1::CallReadOnlyResponse::default() },
    }
}

/// A slot without its data. A slot knows its owner by key hash; the hash's single-signature address names the owner.
pub(crate) fn slot(slot: &SlotMetadata, mainnet: bool) -> v1::SlotMetadata {
    v1::SlotMetadata {
        slot_id: slot.slot_id,
        slot_version: slot.slot_version,
        data_hash: wire::bytes(&slot.data_hash.0),
        signature: wire::bytes(&slot.signature.0),
        signer: StacksAddress::of_key_hash(slot.owner, mainnet).to_string(),
    }
}

/// The outcome of a chunk's write; `None` when there is no such StackerDB.
pub(super) fn put_chunk(outcome: &ChunkOutcome, mainnet: bool) -> Option<v1::PutChunkResponse> {
    match outcome {
        ChunkOutcome::Accepted(stored) => Some(v1::PutChunkResponse {
            accepted: true,
            metadata: Some(slot(stored, mainnet)),
            ..v1::PutChunkResponse::default()
        }),
        ChunkOutcome::Refused { refusal, stored } => Some(v1::PutChunkResponse {
            accepted: false,
            refusal: chunk_refusal(refusal).into(),
            detail: refusal.to_string(),
            metadata: stored.as_ref().map(|stored| slot(stored, mainnet)),
        }),
        ChunkOutcome::NoSuchDb => None,
    }
}

const fn chunk_refusal(refusal: &PutRefusal) -> v1::ChunkRefusal {
    match refusal {
        PutRefusal::DataAlreadyExists { .. } => v1::ChunkRefusal::DataAlreadyExists,
        PutRefusal::NoSuchSlot { .. } => v1::ChunkRefusal::NoSuchSlot,
        PutRefusal::BadSigner { .. } => v1::ChunkRefusal::BadSigner,
        PutRefusal::ChunkTooBig { .. } => v1::ChunkRefusal::ChunkTooBig,
        PutRefusal::TooManySlotWrites { .. } => v1::ChunkRefusal::TooManySlotWrites,
    }
}
