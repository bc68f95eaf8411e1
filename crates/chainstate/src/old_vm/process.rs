//! Executes one transaction: nonces, fee, payload, nonces (docs/COMPATIBILITY.md#order-of-processing).
//!
//! # Invariants
//! - Writes stand in the order of docs/CONSENSUS.md#order-of-writes: payer's balance, what the payload writes, origin's
//!   nonce, payer's nonce. State roots depend on it.
//! - An error means that the caller drops the scope: nothing stays.
//!
//! # Not here
//! Payloads: `payload`. Stateless rules and signatures: `rules`, `verified`. Rolling back: `old_vm::session`.

use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::errors::Error as VmError;
use ::clarity::vm::types::PrincipalData;
use stacks_types::transaction::{BlockTransaction, SpendingCondition};

use super::Scope;
use super::convert::{self, vm_principal};
use super::payload::{Origin, Outcome, run_payload, vm_rejects};
use crate::params::ChainParams;
use crate::transactions::{TransactionError, TransactionReceipt, VerifiedTransaction};

/// Executes `tx` in `scope`.
///
/// # Errors
/// The transaction may not be in a block.
pub(crate) fn process(
    scope: &mut Scope<'_, '_>,
    params: &ChainParams,
    tx: &VerifiedTransaction<'_>,
) -> Result<TransactionReceipt, TransactionError> {
    let tx = tx.transaction();
    let cost_before = scope.cost();
    let origin = principal(tx.auth.origin(), params);
    let payer = principal(tx.auth.payer(), params);
    check_nonces(scope, tx, &origin, &payer)?;
    let fee = tx.auth.payer().fee();
    pay_fee(scope, &payer, fee)?;

    let sponsor = tx.auth.sponsor().map(|_| &payer);
    let outcome = run_payload(scope, tx, &Origin { principal: &origin, sponsor })?;
    bump_nonce(scope, &origin, tx.auth.origin().nonce())?;
    if payer != origin {
        bump_nonce(scope, &payer, tx.auth.payer().nonce())?;
    }
    receipt(tx, outcome, fee, cost_since(scope, &cost_before))
}

fn principal(condition: &SpendingCondition, params: &ChainParams) -> PrincipalData {
    vm_principal(&condition.address(params.mainnet).to_principal())
}

fn check_nonces(
    scope: &mut Scope<'_, '_>,
    tx: &BlockTransaction,
    origin: &PrincipalData,
    payer: &PrincipalData,
) -> Result<(), TransactionError> {
    // The sponsor's nonce is looked at first (docs/COMPATIBILITY.md#order-of-processing).
    let sponsor = tx.auth.sponsor().map(|condition| (payer, false, condition.nonce()));
    let checks = sponsor.into_iter().chain([(origin, true, tx.auth.origin().nonce())]);
    for (principal, is_origin, actual) in checks {
        let expected = scope.with_db(|db| db.get_account_nonce(principal)).map_err(vm_rejects)?;
        if expected != actual {
            let principal = convert::principal(principal);
            return Err(TransactionError::BadNonce { principal, is_origin, expected, actual });
        }
    }
    Ok(())
}

/// Debits the fee. A fee of zero writes the balance all the same (docs/CONSENSUS.md#order-of-writes).
fn pay_fee(scope: &mut Scope<'_, '_>, payer: &PrincipalData, fee: u64) -> Result<(), TransactionError> {
    let shortfall = scope
        .with_db(|db| {
            let mut account = db.get_stx_balance_snapshot(payer)?;
            let available = account.get_available_balance()?;
            if available < u128::from(fee) {
                return Ok::<_, VmError>(Some(available));
            }
            account.debit(u128::from(fee))?;
            account.save()?;
            Ok(None)
        })
        .map_err(vm_rejects)?;
    match shortfall {
        Some(available) => Err(TransactionError::FeeAboveBalance { fee, available }),
        None => Ok(()),
    }
}

fn bump_nonce(scope: &mut Scope<'_, '_>, principal: &PrincipalData, used: u64) -> Result<(), TransactionError> {
    let next = used.checked_add(1).ok_or_else(|| TransactionError::Rejected { error: "the last nonce".into() })?;
    scope.with_db(|db| db.set_account_nonce(principal, next)).map_err(vm_rejects)
}

fn cost_since(scope: &Scope<'_, '_>, before: &ExecutionCost) -> ExecutionCost {
    let mut cost = scope.cost();
    // The tracker only grows, so this cannot fail.
    let _ = cost.sub(before);
    cost
}

fn receipt(
    tx: &BlockTransaction,
    outcome: Outcome,
    fee: u64,
    cost: ExecutionCost,
) -> Result<TransactionReceipt, TransactionError> {
    let raw_result = outcome
        .result
        .serialize_to_vec()
        .map_err(|error| TransactionError::Rejected { error: VmError::from(error).to_string() })?;
    Ok(TransactionReceipt {
        txid: tx.txid(),
        tx_index: 0,
        status: outcome.status,
        raw_result,
        events: outcome.events.iter().map(convert::event).collect(),
        cost: convert::cost(&cost),
        contract_interface: outcome.contract_interface,
        vm_error: outcome.vm_error,
        stx_burned: outcome.stx_burned,
        fee,
    })
}
