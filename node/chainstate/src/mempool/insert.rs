//! The writing half of admission: nonces again, the replacement rule, the limits, then the row.

use super::changes::{Changes, DropReason, Dropped};
use super::check::CheckedTransaction;
use super::pending::PendingTransaction;
use super::refusal::Refusal;
use super::rows;
use crate::burn::StoreError;
use nakamoto_proto::address::StacksAddress;
use nakamoto_proto::ids::Txid;
use nakamoto_proto::transaction::BlockTransaction;
use rusqlite::{Connection, Transaction};
use std::collections::BTreeMap;

/// Transactions that may wait: some 30 full blocks of small ones. The index in memory takes about 1 KiB for each.
pub const MAX_PENDING_TRANSACTIONS: u64 = 131_072;
/// Their bytes on disk: 128 full blocks.
pub const MAX_PENDING_BYTES: u64 = 256 * 1024 * 1024;

/// What became of a checked transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertOutcome {
    /// It is pending now. `dropped` has the transactions that it replaced: none, one, or two.
    Inserted(Changes),
    /// It was pending already: a success, and nothing changed.
    AlreadyPending,
    /// It is not taken: `ConflictingNonceInMempool`, `MempoolFull`, or `BadNonce` when the tip has moved since the check.
    Refused(Refusal),
}

/// Inserts a checked transaction. `next_nonce` gives an account's next nonce at the canonical tip as this transaction
/// sees it; it is asked only for accounts without pending transactions.
///
/// # Errors
/// When the database or `next_nonce` fails; the caller must roll back.
pub fn insert(
    tx: &Transaction<'_>,
    checked: &CheckedTransaction,
    mut next_nonce: impl FnMut(&StacksAddress) -> Result<u64, StoreError>,
) -> Result<InsertOutcome, StoreError> {
    let by_fee = |new_txid| DropReason::ReplaceByFee { new_txid };
    insert_checked(tx, checked, &mut next_nonce, by_fee)
}

/// Brings back the transactions of blocks that are no longer canonical, oldest block first. One whose nonce is used on the
/// canonical fork, that conflicts with a pending one which pays as much is left out; one that finds no room is among the dropped. Call it
/// after [`super::on_block`] has the accounts' nonces at the new tip.
///
/// # Errors
/// When the database or `next_nonce` fails; the caller must roll back.
pub fn restore(
    tx: &Transaction<'_>,
    orphaned: Vec<BlockTransaction>,
    mainnet: bool,
    now_s: u64,
    mut next_nonce: impl FnMut(&StacksAddress) -> Result<u64, StoreError>,
) -> Result<Changes, StoreError> {
    let across_fork = |new_txid| DropReason::ReplaceAcrossFork { new_txid };
    let mut all = Changes::default();
    for transaction in orphaned {
        let Some(checked) = CheckedTransaction::from_block(transaction, mainnet, now_s) else { continue };
        match insert_checked(tx, &checked, &mut next_nonce, across_fork)? {
            InsertOutcome::Inserted(changes) => all.extend(changes),
            InsertOutcome::Refused(Refusal::MempoolFull { .. }) => {
                all.dropped.push(Dropped { pending: checked.pending().clone(), reason: DropReason::NoRoom });
            }
            InsertOutcome::AlreadyPending | InsertOutcome::Refused(_) => {}
        }
    }
    Ok(all)
}

fn insert_checked(
    tx: &Transaction<'_>,
    checked: &CheckedTransaction,
    next_nonce: &mut dyn FnMut(&StacksAddress) -> Result<u64, StoreError>,
    replaced: impl Fn(Txid) -> DropReason,
) -> Result<InsertOutcome, StoreError> {
    let mut pending = checked.pending().clone();
    if rows::get_pending(tx, &pending.txid)?.is_some() {
        return Ok(InsertOutcome::AlreadyPending);
    }
    let mut next_nonces = Vec::new();
    for (account, actual) in pending.nonces() {
        let expected = match rows::select_next_nonce(tx, &account)? {
            Some(nonce) => nonce,
            None => next_nonce(&account)?,
        };
        if actual < expected {
            let is_origin = account == pending.origin;
            let refusal = Refusal::BadNonce { expected, actual, principal: account, is_origin };
            return Ok(InsertOutcome::Refused(refusal));
        }
        next_nonces.push((account, expected));
    }
    let conflicts = select_conflicts(tx, &pending)?;
    if let Some(refusal) = check_conflicts(tx, &pending, &conflicts)? {
        return Ok(InsertOutcome::Refused(refusal));
    }
    let mut changes = Changes::default();
    for conflict in conflicts {
        rows::delete_pending(tx, &conflict)?;
        changes.dropped.push(Dropped { pending: conflict, reason: replaced(pending.txid) });
    }
    for (account, nonce) in next_nonces {
        // A replaced transaction may have taken its accounts' rows along.
        if rows::select_next_nonce(tx, &account)?.is_none() {
            rows::insert_account(tx, &account, nonce)?;
            changes.nonces.push((account, nonce));
        }
    }
    pending.arrival = rows::insert_pending(tx, &pending, checked.transaction().raw())?;
    changes.added.push(pending);
    Ok(InsertOutcome::Inserted(changes))
}

/// Whether a pending transaction with a nonce of this one pays as much: then it would be refused, whatever it does.
pub(super) fn is_outbid(conn: &Connection, pending: &PendingTransaction) -> Result<bool, StoreError> {
    Ok(select_conflicts(conn, pending)?.iter().any(|conflict| conflict.fee >= pending.fee))
}

/// The pending transactions that use a nonce of this one, in any role.
fn select_conflicts(tx: &Connection, pending: &PendingTransaction) -> Result<Vec<PendingTransaction>, StoreError> {
    let mut conflicts = BTreeMap::new();
    for (account, nonce) in pending.nonces() {
        if let Some(conflict) = rows::select_by_nonce(tx, &account, nonce)? {
            conflicts.insert(conflict.arrival, conflict);
        }
    }
    Ok(conflicts.into_values().collect())
}

/// The replacement rule and the limits, counted as if the conflicts were gone.
fn check_conflicts(
    tx: &Transaction<'_>,
    pending: &PendingTransaction,
    conflicts: &[PendingTransaction],
) -> Result<Option<Refusal>, StoreError> {
    if conflicts.iter().any(|conflict| conflict.fee >= pending.fee) {
        return Ok(Some(Refusal::ConflictingNonceInMempool));
    }
    let rows::Totals { transactions, bytes } = rows::totals(tx)?;
    let freed: u64 = conflicts.iter().map(|conflict| u64::from(conflict.size_bytes)).sum();
    let is_full = (transactions >= MAX_PENDING_TRANSACTIONS && conflicts.is_empty())
        || bytes.saturating_sub(freed).saturating_add(u64::from(pending.size_bytes)) > MAX_PENDING_BYTES;
    Ok(is_full.then_some(Refusal::MempoolFull { transactions, bytes }))
}
