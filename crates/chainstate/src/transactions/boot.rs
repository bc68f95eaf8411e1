//! The boot block's transactions, as observers get them (docs/COMPATIBILITY.md#boot-event).
//!
//! They exist for observers only: unsigned, from an address without a key, in no block body.
//!
//! # Not here
//! Execution of the boot block: `execution::genesis`.

use std::sync::Arc;

use clarity::costs::Cost;
use clarity::run::Event;
use clarity::value::Value;
use stacks_types::address::StacksAddress;
use stacks_types::keys::{KeyEncoding, MessageSignature};
use stacks_types::transaction::{
    BlockTransaction, MultiSigCondition, MultiSigHashMode, PostConditionMode, SingleSigCondition, SingleSigHashMode,
    SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};

use super::{ReceiptStatus, TransactionReceipt};
use crate::params::{ChainParams, boot_address};

/// One of the boot block's transactions, with its receipt.
#[derive(Debug, Clone)]
pub struct BootTransaction {
    /// The unsigned transaction.
    pub transaction: BlockTransaction,
    /// Its receipt.
    pub receipt: TransactionReceipt,
}

/// The deployment of a boot contract from its address.
pub(crate) fn boot_deploy(
    params: &ChainParams,
    address: StacksAddress,
    nonce: u64,
    payload: TransactionPayload,
    contract_interface: String,
    events: Vec<Event>,
) -> BootTransaction {
    let mut boot = boot_transaction(params, address, payload, nonce, events);
    boot.receipt.contract_interface = Some(contract_interface);
    boot
}

/// The transfer of 0 to the boot address itself, which carries the mint events of the opening balances.
pub(crate) fn boot_mints(params: &ChainParams, nonce: u64, events: Vec<Event>) -> BootTransaction {
    let address = boot_address(params.mainnet);
    let payload = TransactionPayload::TokenTransfer { recipient: address.to_principal(), amount: 0, memo: [0; 34] };
    boot_transaction(params, address, payload, nonce, events)
}

fn boot_transaction(
    params: &ChainParams,
    address: StacksAddress,
    payload: TransactionPayload,
    nonce: u64,
    events: Vec<Event>,
) -> BootTransaction {
    let auth = TransactionAuth::Standard(condition(address, nonce, params.mainnet));
    let mut transaction = StacksTransaction::new(params.mainnet, auth, payload);
    transaction.chain_id = params.chain_id;
    transaction.post_condition_mode = PostConditionMode::Allow;
    let transaction = BlockTransaction::new(transaction);
    let receipt = TransactionReceipt {
        txid: transaction.txid(),
        tx_index: 0,
        status: ReceiptStatus::Success,
        // The result of both a deployment and a transfer.
        raw_result: Value::Ok(Arc::new(Value::Bool(true))).encode(),
        events,
        cost: Cost::default(),
        contract_interface: None,
        vm_error: None,
        stx_burned: 0,
        fee: 0,
    };
    BootTransaction { transaction, receipt }
}

/// An unsigned condition whose kind, single- or multi-signature, fits the address.
fn condition(address: StacksAddress, nonce: u64, mainnet: bool) -> SpendingCondition {
    let (signer, fee) = (address.hash160(), 0);
    if address != StacksAddress::of_key_hash(signer, mainnet) {
        let (hash_mode, fields, signatures_required) = (MultiSigHashMode::P2sh, Vec::new(), 1);
        return SpendingCondition::MultiSig(MultiSigCondition {
            hash_mode,
            signer,
            nonce,
            fee,
            fields,
            signatures_required,
        });
    }
    SpendingCondition::SingleSig(SingleSigCondition {
        hash_mode: SingleSigHashMode::P2pkh,
        signer,
        nonce,
        fee,
        key_encoding: KeyEncoding::Compressed,
        signature: MessageSignature::default(),
    })
}
