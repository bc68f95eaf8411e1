//! `/new_block`: a processed block with the results of its transactions; also the boot block
//! (docs/COMPATIBILITY.md#new-block, docs/COMPATIBILITY.md#boot-event).
//!
//! Where this chain has no value for a field, the field is a constant:
//! - `miner_txid`: there is no block commit. The burn view's sortition hash replaces it: it names the election, and
//!   differs for each tenure. Zeros in the boot block.
//! - `pox_v1_unlock_height` to `pox_v4_unlock_height`: 0; nothing is ever locked.
//! - `signer_bitvec`, `reward_set`, `cycle_number`: null; headers of this format have no bit vector, and rewards no set.
//! - microblocks: zeros and nulls, as in every Nakamoto block.

use nakamoto_proto::v1;
use serde::Serialize;
use serde_json::Value;
use stacks_types::ids::{BOOT_BLOCK_HASH, BOOT_CONSENSUS_HASH, StacksBlockId};
use v1::event::Body;

use super::View;
use super::block_events::BlockEvent;
use super::values::{Amount, Cost, Hex, Hex0x};

const ZEROS: Hex0x<'static> = Hex0x(&[0; 32]);

#[derive(Serialize)]
pub(super) struct NewBlock<'a> {
    block_hash: Hex0x<'a>,
    block_height: u64,
    block_time: Option<u64>,
    burn_block_hash: Hex0x<'a>,
    burn_block_height: u64,
    burn_block_time: u64,
    miner_txid: Hex0x<'a>,
    index_block_hash: Hex0x<'a>,
    parent_block_hash: Hex0x<'a>,
    parent_index_block_hash: Hex0x<'a>,
    parent_microblock: Hex0x<'static>,
    parent_microblock_sequence: u16,
    matured_miner_rewards: Vec<Reward<'a>>,
    events: Vec<BlockEvent<'a>>,
    transactions: Vec<Transaction<'a>>,
    parent_burn_block_hash: Hex0x<'a>,
    parent_burn_block_height: u64,
    parent_burn_block_timestamp: u64,
    anchored_cost: Cost,
    confirmed_microblocks_cost: Cost,
    pox_v1_unlock_height: u32,
    pox_v2_unlock_height: u32,
    pox_v3_unlock_height: u32,
    pox_v4_unlock_height: u32,
    signer_bitvec: Option<()>,
    reward_set: Option<()>,
    cycle_number: Option<()>,
    tenure_height: u64,
    consensus_hash: Hex0x<'a>,
    // Nakamoto blocks have these three; the boot block does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    signer_signature_hash: Option<Hex0x<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    miner_signature: Option<Hex0x<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer_signature: Option<Vec<Hex<'a>>>,
}

#[derive(Serialize)]
struct Reward<'a> {
    recipient: &'a str,
    miner_address: &'a str,
    coinbase_amount: Amount<'a>,
    tx_fees_anchored: Amount<'a>,
    tx_fees_streamed_confirmed: &'static str,
    tx_fees_streamed_produced: &'static str,
    from_stacks_block_hash: Hex0x<'a>,
    /// Despite its name, the value is an index block hash.
    from_index_consensus_hash: Hex0x<'a>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    txid: Hex0x<'a>,
    tx_index: u32,
    status: &'static str,
    raw_result: Hex0x<'a>,
    raw_tx: Hex0x<'a>,
    contract_interface: Option<Value>,
    /// The same as `contract_interface`, under the older name that chainhook reads.
    contract_abi: Option<Value>,
    burnchain_op: Option<()>,
    execution_cost: Cost,
    microblock_sequence: Option<()>,
    microblock_hash: Option<()>,
    microblock_parent_hash: Option<()>,
    vm_error: Option<&'a str>,
}

pub(super) fn of<'a>(event: &'a v1::Event, view: &View) -> Result<NewBlock<'a>, &'static str> {
    let Some(Body::BlockProcessed(processed)) = &event.body else { return Err("processed block") };
    let names = processed.block.as_ref().ok_or("block")?;
    let burn_view = processed.burn_view.as_ref().ok_or("burn view")?;
    let header = processed.header.as_ref();
    // The boot block has no parent: its own burn view and sentinel values are used.
    let parent_view = processed.parent_burn_view.as_ref().unwrap_or(burn_view);
    let parent = processed.parent.as_ref();
    let signatures = header.map(|header| header.stacker_signature.iter().map(|signature| Hex(signature)).collect());
    Ok(NewBlock {
        block_hash: Hex0x(&names.block_hash),
        block_height: names.chain_length,
        block_time: header.map(|_| burn_view.timestamp_s),
        burn_block_hash: Hex0x(&burn_view.burn_block_hash),
        burn_block_height: burn_view.height,
        burn_block_time: burn_view.timestamp_s,
        miner_txid: if header.is_some() { Hex0x(&burn_view.sortition_hash) } else { ZEROS },
        index_block_hash: Hex0x(&names.block_id),
        parent_block_hash: Hex0x(parent.map_or(StacksBlockId::SENTINEL.as_bytes(), |parent| &parent.block_hash)),
        parent_index_block_hash: Hex0x(parent.map_or(StacksBlockId::SENTINEL.as_bytes(), |parent| &parent.block_id)),
        parent_microblock: ZEROS,
        parent_microblock_sequence: 0,
        matured_miner_rewards: processed.matured_rewards.iter().map(reward).collect::<Result<_, _>>()?,
        events: events(processed, view)?,
        transactions: processed.receipts.iter().map(|receipt| transaction(receipt, view)).collect::<Result<_, _>>()?,
        parent_burn_block_hash: Hex0x(&parent_view.burn_block_hash),
        parent_burn_block_height: parent_view.height,
        parent_burn_block_timestamp: parent_view.timestamp_s,
        anchored_cost: Cost::of(processed.cost.as_ref()),
        confirmed_microblocks_cost: Cost::default(),
        pox_v1_unlock_height: 0,
        pox_v2_unlock_height: 0,
        pox_v3_unlock_height: 0,
        pox_v4_unlock_height: 0,
        signer_bitvec: None,
        reward_set: None,
        cycle_number: None,
        tenure_height: processed.tenure_height,
        consensus_hash: Hex0x(header.map_or(&BOOT_CONSENSUS_HASH.0, |_| &burn_view.consensus_hash)),
        signer_signature_hash: header.map(|_| Hex0x(&names.block_hash)),
        miner_signature: header.map(|header| Hex0x(&header.producer_signature)),
        signer_signature: signatures,
    })
}

fn reward(reward: &v1::MaturedReward) -> Result<Reward<'_>, &'static str> {
    let from = reward.from_block.as_ref().ok_or("block that earned a reward")?;
    Ok(Reward {
        recipient: &reward.recipient,
        miner_address: &reward.producer,
        coinbase_amount: Amount(&reward.coinbase_ustx),
        tx_fees_anchored: Amount(&reward.fees_ustx),
        tx_fees_streamed_confirmed: "0",
        tx_fees_streamed_produced: "0",
        from_stacks_block_hash: Hex0x(&from.block_hash),
        from_index_consensus_hash: Hex0x(&from.block_id),
    })
}

/// Events in the order of their indices. Indices count all events of the block, including those that the view leaves
/// out.
fn events<'a>(processed: &'a v1::BlockProcessed, view: &View) -> Result<Vec<BlockEvent<'a>>, &'static str> {
    let mut events = Vec::new();
    for receipt in &processed.receipts {
        for event in &receipt.events {
            let body = event.body.as_ref().ok_or("event of a transaction")?;
            if view.transactions.wants(body) {
                events.push(BlockEvent { txid: &receipt.txid, event_index: event.event_index, body });
            }
        }
    }
    Ok(events)
}

fn transaction<'a>(receipt: &'a v1::TransactionReceipt, view: &View) -> Result<Transaction<'a>, &'static str> {
    let interface = match receipt.contract_interface_json.as_str() {
        text if text.is_empty() || view.without_contract_interfaces => None,
        text => Some(serde_json::from_str::<Value>(text).map_err(|_| "contract interface that is JSON")?),
    };
    Ok(Transaction {
        txid: Hex0x(&receipt.txid),
        tx_index: receipt.tx_index,
        status: match receipt.status() {
            v1::TransactionStatus::Success => "success",
            v1::TransactionStatus::AbortByResponse => "abort_by_response",
            v1::TransactionStatus::AbortByPostCondition => "abort_by_post_condition",
            v1::TransactionStatus::Unspecified => return Err("status of a transaction"),
        },
        raw_result: Hex0x(&receipt.result),
        raw_tx: Hex0x(&receipt.transaction),
        contract_interface: interface.clone(),
        contract_abi: interface,
        burnchain_op: None,
        execution_cost: Cost::of(receipt.cost.as_ref()),
        microblock_sequence: None,
        microblock_hash: None,
        microblock_parent_hash: None,
        vm_error: (!receipt.vm_error.is_empty()).then_some(&receipt.vm_error),
    })
}

/// Whether this is the event of the boot block.
pub(in super::super) fn is_boot(processed: &v1::BlockProcessed) -> bool {
    processed.header.is_none()
        && processed.block.as_ref().is_some_and(|block| block.block_hash == BOOT_BLOCK_HASH.0[..])
}
