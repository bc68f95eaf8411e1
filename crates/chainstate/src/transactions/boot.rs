//! What observers get as the transactions of the boot block (docs/COMPATIBILITY.md#boot-event).
//!
//! They are made for observers alone: unsigned, from an address without a key, in no block body.
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

/// One of the boot block's transactions, with what it did.
#[derive(Debug, Clone)]
pub struct BootTransaction {
    /// The unsigned transaction.
    pub transaction: BlockTransaction,
    /// What it did.
    pub receipt: TransactionReceipt,
}

/// The deployment of a boot contract by its address.
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

/// The transfer of nothing to the boot address itself, which carries the mint events of the opening balances.
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
        // Both a deployment's and a transfer's result.
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

/// Nobody has signed; but it is the address's, by the number of its keys.
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
