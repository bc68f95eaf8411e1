//! The transactions that an observer is told the boot block consists of (docs/COMPATIBILITY.md#boot-event).
//!
//! They are made for observers alone: unsigned, from an address without a key, in no block body.
//!
//! # Not here
//! Execution of the boot block: `execution::genesis`.

use std::sync::Arc;

use engine::costs::Cost;
use engine::names::ContractName;
use engine::run::Event;
use engine::value::Value;
use stacks_types::keys::{KeyEncoding, MessageSignature};
use stacks_types::transaction::{
    BlockTransaction, PostConditionMode, SingleSigCondition, SingleSigHashMode, SpendingCondition, StacksTransaction,
    TransactionAuth, TransactionPayload,
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

/// The deployment of a boot contract.
pub(crate) fn boot_deploy(
    params: &ChainParams,
    name: ContractName,
    source: &str,
    nonce: u64,
    contract_interface: Option<String>,
) -> BootTransaction {
    let payload = TransactionPayload::SmartContract { name, code: source.to_owned() };
    let mut boot = boot_transaction(params, payload, nonce, Vec::new());
    boot.receipt.contract_interface = contract_interface;
    boot
}

/// The transfer of nothing to the boot address itself, which carries the mint events of the opening balances.
pub(crate) fn boot_mints(params: &ChainParams, nonce: u64, events: Vec<Event>) -> BootTransaction {
    let recipient = boot_address(params.mainnet).to_principal();
    boot_transaction(params, TransactionPayload::TokenTransfer { recipient, amount: 0, memo: [0; 34] }, nonce, events)
}

fn boot_transaction(
    params: &ChainParams,
    payload: TransactionPayload,
    nonce: u64,
    events: Vec<Event>,
) -> BootTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::SingleSig(SingleSigCondition {
        hash_mode: SingleSigHashMode::P2pkh,
        signer: boot_address(params.mainnet).hash160(),
        nonce,
        fee: 0,
        key_encoding: KeyEncoding::Compressed,
        signature: MessageSignature::default(),
    }));
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
