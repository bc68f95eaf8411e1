//! Executes one transaction: nonces, fee, payload, nonces (docs/COMPATIBILITY.md#order-of-processing).
//!
//! # Invariants
//! - Writes are in the order of docs/CONSENSUS.md#order-of-writes: payer's balance, the payload's writes, origin's
//!   nonce, payer's nonce. State roots depend on it.
//! - An error means that the caller drops the machine: nothing stays.
//!
//! # Not here
//! Payloads: `payload`. Stateless rules and signatures: `transactions::rules`, `verified`.

use clarity::costs::Cost;
use clarity::principal::Principal;
use clarity::run::Machine;
use stacks_types::transaction::{BlockTransaction, SpendingCondition};

use super::failure::{Done, Failure};
use super::outcome::{Origin, Outcome};
use super::payload::run_payload;
use crate::params::ChainParams;
use crate::transactions::{
    MAX_RECEIPTS_BYTES, TransactionError, TransactionReceipt, VerifiedTransaction, interface_json,
};

/// Executes `tx` on a fresh machine, in a block whose receipts so far take `receipts_before` bytes.
///
/// # Errors
/// The transaction may not be in a block.
pub(super) fn process(
    machine: &mut Machine<'_>,
    params: &ChainParams,
    tx: &VerifiedTransaction<'_>,
    receipts_before: u64,
) -> Result<Done<TransactionReceipt>, Failure> {
    let tx = tx.transaction();
    let spent_before = machine.meter.spent();
    let origin = principal(tx.auth.origin(), params);
    let payer = principal(tx.auth.payer(), params);
    check_nonces(machine, tx, &origin, &payer)?;
    let fee = tx.auth.payer().fee();
    if let Err(available) = machine.debit(&payer, fee.into())? {
        return Err(TransactionError::FeeAboveBalance { fee, available }.into());
    }
    let sponsor = tx.auth.sponsor().map(|_| &payer);
    let mut outcome = run_payload(machine, params, tx, &Origin { principal: &origin, sponsor })?;
    bump_nonce(machine, &origin, tx.auth.origin().nonce())?;
    if payer != origin {
        bump_nonce(machine, &payer, tx.auth.payer().nonce())?;
    }
    let deployed = outcome.deployed.take();
    let cost = machine.meter.spent().minus(spent_before);
    let contract_interface = match outcome.interface.take() {
        None => None,
        Some(interface) => Some(interface_json(&interface, machine.rules()).ok_or_else(|| {
            let (own, max) = (MAX_RECEIPTS_BYTES + 1, MAX_RECEIPTS_BYTES);
            TransactionError::ReceiptsTooLarge { before: receipts_before, own, max }
        })?),
    };
    Ok(Done { value: TransactionReceipt { contract_interface, ..receipt(tx, outcome, fee, cost) }, deployed })
}

fn principal(condition: &SpendingCondition, params: &ChainParams) -> Principal {
    condition.address(params.mainnet).to_principal()
}

fn check_nonces(
    machine: &mut Machine<'_>,
    tx: &BlockTransaction,
    origin: &Principal,
    payer: &Principal,
) -> Result<(), Failure> {
    // The sponsor's nonce is checked first (docs/COMPATIBILITY.md#order-of-processing).
    let sponsor = tx.auth.sponsor().map(|condition| (payer, false, condition.nonce()));
    let checks = sponsor.into_iter().chain([(origin, true, tx.auth.origin().nonce())]);
    for (principal, is_origin, actual) in checks {
        let expected = machine.nonce(principal)?;
        if expected != actual {
            let principal = principal.clone();
            return Err(TransactionError::BadNonce { principal, is_origin, expected, actual }.into());
        }
    }
    Ok(())
}

fn bump_nonce(machine: &mut Machine<'_>, principal: &Principal, used: u64) -> Result<(), Failure> {
    let next = used.checked_add(1).ok_or_else(|| TransactionError::Rejected { error: "the last nonce".into() })?;
    machine.set_nonce(principal, next);
    Ok(())
}

fn receipt(tx: &BlockTransaction, outcome: Outcome, fee: u64, cost: Cost) -> TransactionReceipt {
    TransactionReceipt {
        txid: tx.txid(),
        tx_index: 0,
        status: outcome.status,
        raw_result: outcome.result.encode(),
        events: outcome.events,
        cost,
        contract_interface: None,
        vm_error: outcome.vm_error,
        stx_burned: outcome.stx_burned,
        fee,
    }
}
