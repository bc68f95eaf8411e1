//! Converts values to messages of `nakamoto.v1`, one function for each message.

use clarity::costs::Cost;
use clarity::run::{Event, EventBody};
use clarity::value::Value;
use nakamoto_proto::v1;
use stacks_types::block::{NakamotoStacksBlockHeader, SigningMode};
use stacks_types::ids::StacksBlockId;
use stacks_types::stackerdb::StackerDbChunk;

use crate::burn::BurnBlockInfo;
use crate::headers::{MaturedReward, ProcessedHeader};
use crate::rejection::Rejection;
use crate::transactions::{ReceiptStatus, TransactionReceipt};

/// An execution cost as the wire has it.
#[must_use]
pub const fn cost(cost: &Cost) -> v1::ExecutionCost {
    v1::ExecutionCost {
        write_length: cost.write_length,
        write_count: cost.write_count,
        read_length: cost.read_length,
        read_count: cost.read_count,
        runtime: cost.runtime,
    }
}

/// Why a block was rejected.
#[must_use]
pub fn rejection(rejection: &Rejection) -> v1::Rejection {
    v1::Rejection {
        reason: rejection.reason().into(),
        detail: rejection.to_string(),
        failed_txid: rejection.failed_txid().map(|txid| bytes(&txid.0)).unwrap_or_default(),
    }
}

/// A burn block with its reward cycle and elected producer.
#[must_use]
pub fn burn_block(info: &BurnBlockInfo) -> v1::BurnBlock {
    let block = &info.block;
    v1::BurnBlock {
        burn_block_hash: bytes(&block.hash.0),
        height: block.height,
        parent_burn_block_hash: bytes(&block.parent.0),
        consensus_hash: bytes(&block.consensus_hash.0),
        sortition_hash: bytes(&block.sortition_hash.0),
        timestamp_s: block.time_s,
        satoshis_spent: block.satoshis_spent,
        reward_cycle: info.reward_cycle,
        elected_producer: info.elected_producer.to_string(),
    }
}

/// The ids of a processed block.
#[must_use]
pub fn block_ref(header: &ProcessedHeader) -> v1::BlockRef {
    v1::BlockRef {
        block_id: bytes(&header.block_id.0),
        block_hash: bytes(&header.block_hash().0),
        chain_length: header.chain_length,
        burn_block_hash: bytes(&header.burn_view.0),
    }
}

/// The ids of any block.
#[must_use]
pub(crate) fn header_ref(header: &NakamotoStacksBlockHeader) -> v1::BlockRef {
    v1::BlockRef {
        block_id: bytes(&header.block_id().0),
        block_hash: bytes(&header.block_hash().0),
        chain_length: header.chain_length,
        burn_block_hash: bytes(&header.bitcoin_block_hash.0),
    }
}

/// A header, decoded.
#[must_use]
pub fn header(header: &NakamotoStacksBlockHeader) -> v1::BlockHeader {
    v1::BlockHeader {
        version: header.version.into(),
        chain_length: header.chain_length,
        burn_spent: header.burn_spent,
        burn_block_hash: bytes(&header.bitcoin_block_hash.0),
        parent_block_id: bytes(&header.parent_block_id.0),
        tx_merkle_root: bytes(&header.tx_merkle_root.0),
        state_index_root: bytes(&header.state_index_root.0),
        vrf_proof: bytes(&header.vrf_proof.0),
        producer_signature: bytes(&header.producer_signature.0),
        stacker_signature: header.stacker_signatures.iter().map(|signature| bytes(&signature.0)).collect(),
    }
}

/// How blocks are signed.
#[must_use]
pub const fn signing_mode(mode: SigningMode) -> v1::SigningMode {
    match mode {
        SigningMode::Ecdsa => v1::SigningMode::Ecdsa,
        SigningMode::WellKnown => v1::SigningMode::WellKnown,
    }
}

/// A reward that was paid.
#[must_use]
pub(crate) fn matured_reward(reward: &MaturedReward, from: &ProcessedHeader) -> v1::MaturedReward {
    v1::MaturedReward {
        recipient: reward.recipient.clone(),
        producer: reward.producer.clone(),
        coinbase_ustx: bytes(&reward.coinbase.to_be_bytes()),
        fees_ustx: bytes(&reward.fees.to_be_bytes()),
        from_block: Some(block_ref(from)),
    }
}

/// The receipts of a block; events are numbered over the whole block.
#[must_use]
pub(crate) fn receipts<'a>(
    receipts: impl Iterator<Item = (&'a TransactionReceipt, Vec<u8>)>,
) -> Vec<v1::TransactionReceipt> {
    let mut next_event = 0;
    receipts.map(|(receipt, raw)| receipt_message(receipt, raw, &mut next_event)).collect()
}

/// The receipt of a transaction that is alone in its block, with the transaction's bytes.
#[must_use]
pub fn receipt(receipt: &TransactionReceipt, transaction: Vec<u8>) -> v1::TransactionReceipt {
    receipt_message(receipt, transaction, &mut 0)
}

fn receipt_message(receipt: &TransactionReceipt, raw: Vec<u8>, next_event: &mut u32) -> v1::TransactionReceipt {
    let mut events = Vec::with_capacity(receipt.events.len());
    for event in &receipt.events {
        events.push(v1::TransactionEvent { event_index: *next_event, body: Some(event_body(event)) });
        *next_event += 1;
    }
    v1::TransactionReceipt {
        txid: bytes(&receipt.txid.0),
        tx_index: receipt.tx_index,
        status: status(receipt.status).into(),
        result: receipt.raw_result.clone().into(),
        transaction: raw.into(),
        events,
        cost: Some(cost(&receipt.cost)),
        fee_ustx: receipt.fee,
        vm_error: receipt.vm_error.clone().unwrap_or_default(),
        contract_interface_json: receipt.contract_interface.clone().unwrap_or_default(),
    }
}

const fn status(status: ReceiptStatus) -> v1::TransactionStatus {
    match status {
        ReceiptStatus::Success => v1::TransactionStatus::Success,
        ReceiptStatus::AbortByResponse => v1::TransactionStatus::AbortByResponse,
        ReceiptStatus::AbortByPostCondition => v1::TransactionStatus::AbortByPostCondition,
    }
}

fn event_body(event: &Event) -> v1::transaction_event::Body {
    use v1::transaction_event::Body;
    match event {
        Event::Print(contract, printed) => Body::ContractPrint(v1::ContractPrint {
            contract_id: contract.to_string(),
            topic: "print".to_owned(),
            value: value(printed),
        }),
        Event::Asset(body) => asset_body(body),
    }
}

fn asset_body(body: &EventBody) -> v1::transaction_event::Body {
    use v1::transaction_event::Body;
    match body {
        EventBody::StxTransfer { sender, recipient, amount: moved, memo } => Body::StxTransfer(v1::StxTransfer {
            sender: sender.to_string(),
            recipient: recipient.to_string(),
            amount_ustx: amount(*moved),
            memo: memo.clone().into(),
        }),
        EventBody::StxMint { recipient, amount: made } => {
            Body::StxMint(v1::StxMint { recipient: recipient.to_string(), amount_ustx: amount(*made) })
        }
        EventBody::StxBurn { sender, amount: burnt } => {
            Body::StxBurn(v1::StxBurn { sender: sender.to_string(), amount_ustx: amount(*burnt) })
        }
        EventBody::FtTransfer { asset, sender, recipient, amount: moved } => Body::FtTransfer(v1::FtTransfer {
            asset_id: asset.to_string(),
            sender: sender.to_string(),
            recipient: recipient.to_string(),
            amount: amount(*moved),
        }),
        EventBody::FtMint { asset, recipient, amount: made } => Body::FtMint(v1::FtMint {
            asset_id: asset.to_string(),
            recipient: recipient.to_string(),
            amount: amount(*made),
        }),
        EventBody::FtBurn { asset, sender, amount: burnt } => {
            Body::FtBurn(v1::FtBurn { asset_id: asset.to_string(), sender: sender.to_string(), amount: amount(*burnt) })
        }
        EventBody::NftTransfer { asset, sender, recipient, value: token } => Body::NftTransfer(v1::NftTransfer {
            asset_id: asset.to_string(),
            sender: sender.to_string(),
            recipient: recipient.to_string(),
            value: value(token),
        }),
        EventBody::NftMint { asset, recipient, value: token } => Body::NftMint(v1::NftMint {
            asset_id: asset.to_string(),
            recipient: recipient.to_string(),
            value: value(token),
        }),
        EventBody::NftBurn { asset, sender, value: token } => {
            Body::NftBurn(v1::NftBurn { asset_id: asset.to_string(), sender: sender.to_string(), value: value(token) })
        }
    }
}

fn value(value: &Value) -> prost::bytes::Bytes {
    value.encode().into()
}

fn amount(amount: u128) -> prost::bytes::Bytes {
    bytes(&amount.to_be_bytes())
}

/// A StackerDB chunk as the wire has it, with its data.
#[must_use]
pub fn chunk(chunk: StackerDbChunk) -> v1::StackerDbChunk {
    v1::StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: bytes(&chunk.signature.0),
        data: chunk.data.into(),
    }
}

/// A `bytes` field.
#[must_use]
pub fn bytes(bytes: &[u8]) -> prost::bytes::Bytes {
    prost::bytes::Bytes::copy_from_slice(bytes)
}

/// A block id as a field.
#[must_use]
pub fn id(id: &StacksBlockId) -> prost::bytes::Bytes {
    bytes(&id.0)
}
