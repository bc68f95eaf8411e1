//! The writing half of admission: nonces again, the replacement rule, the limits, then the row.

use super::changes::{Changes, DropReason, Dropped};
use super::check::CheckedTransaction;
use super::eviction::Need;
use super::pending::PendingTransaction;
use super::refusal::Refusal;
use super::rows::{self, Totals};
use crate::db::StoreError;
use rusqlite::{Connection, Transaction};
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use stacks_types::transaction::BlockTransaction;
use std::collections::BTreeMap;

/// Transactions that may wait: some 30 full blocks of small ones. The index in memory takes about 1 KiB for each.
pub(crate) const MAX_PENDING_TRANSACTIONS: u64 = 131_072;
/// Most bytes that they take on disk: 128 full blocks.
pub(crate) const MAX_PENDING_BYTES: u64 = 256 * 1024 * 1024;

/// The result of inserting a checked transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InsertOutcome {
    /// It is pending now. `dropped` has the transactions that it replaced: none, one, or two.
    Inserted(Changes),
    /// It was pending already: a success, and nothing changed.
    AlreadyPending,
    /// There is no room for it, and nothing changed. [`super::MempoolIndex::give_way`] finds transactions to evict.
    Full {
        /// How much room the transaction lacks.
        need: Need,
        /// Number and bytes of the pending transactions.
        totals: Totals,
    },
    /// It is refused: `ConflictingNonceInMempool`, or `BadNonce` when the tip has moved since the check.
    Refused(Refusal),
}

/// Inserts a checked transaction. `next_nonce` gives an account's next nonce at the canonical tip as this database
/// transaction sees it; it is called only for accounts without pending transactions. Those of `evicted` that are still
/// pending are removed if the transaction is inserted, and only then.
///
/// # Errors
/// When the database or `next_nonce` fails; the caller must roll back.
pub(crate) fn insert(
    tx: &Transaction<'_>,
    checked: &CheckedTransaction,
    evicted: &[Txid],
    mut next_nonce: impl FnMut(&StacksAddress) -> Result<u64, StoreError>,
) -> Result<InsertOutcome, StoreError> {
    let by_fee = |new_txid| DropReason::ReplaceByFee { new_txid };
    insert_checked(tx, checked, evicted, &mut next_nonce, by_fee)
}

/// Brings back the transactions of blocks that are no longer canonical, oldest block first. A transaction is
/// dropped if its nonce is used on the canonical fork, if a pending one with its nonce pays as much, if there is no room
/// for it, or if no proposal may hold it. Call it after [`super::on_block`] has set the accounts' nonces at the new tip.
///
/// # Errors
/// When the database or `next_nonce` fails; the caller must roll back.
pub(crate) fn restore(
    tx: &Transaction<'_>,
    orphaned: Vec<BlockTransaction>,
    mainnet: bool,
    now_s: u64,
    mut next_nonce: impl FnMut(&StacksAddress) -> Result<u64, StoreError>,
) -> Result<Changes, StoreError> {
    let across_fork = |new_txid| DropReason::ReplaceAcrossFork { new_txid };
    let mut all = Changes::default();
    for transaction in orphaned {
        let Some(checked) =
            CheckedTransaction::from_block(transaction, mainnet, now_s).map(CheckedTransaction::restored)
        else {
            continue;
        };
        if checked.transaction().has_high_s() {
            // Before 4.0 a block may hold a high-S signature, but a proposal may not
            // (docs/CONSENSUS.md#keys-and-addresses).
            all.dropped.push(Dropped { pending: checked.pending().clone(), reason: DropReason::Problematic });
            continue;
        }
        match insert_checked(tx, &checked, &[], &mut next_nonce, across_fork)? {
            InsertOutcome::Inserted(changes) => all.extend(changes),
            InsertOutcome::Full { .. } => {
                all.dropped.push(Dropped { pending: checked.pending().clone(), reason: DropReason::NoRoom });
            }
            InsertOutcome::Refused(refusal) => {
                let pending = checked.pending().clone();
                let reason = match refusal {
                    Refusal::ConflictingNonceInMempool { .. } => across_pending(tx, &pending)?,
                    _ => DropReason::NonceUsed,
                };
                all.dropped.push(Dropped { pending, reason });
            }
            InsertOutcome::AlreadyPending => {}
        }
    }
    Ok(all)
}

/// Why a restored transaction is dropped for those that use its nonces.
fn across_pending(tx: &Connection, restored: &PendingTransaction) -> Result<DropReason, StoreError> {
    let conflicts = select_conflicts(tx, restored)?;
    let better = conflicts.iter().find(|conflict| conflict.fee >= restored.fee);
    Ok(better.map_or(DropReason::NonceUsed, |better| DropReason::ReplaceByFee { new_txid: better.txid }))
}

fn insert_checked(
    tx: &Transaction<'_>,
    checked: &CheckedTransaction,
    evicted: &[Txid],
    next_nonce: &mut dyn FnMut(&StacksAddress) -> Result<u64, StoreError>,
    replaced: impl Fn(Txid) -> DropReason,
) -> Result<InsertOutcome, StoreError> {
    let mut pending = checked.pending().clone();
    if rows::get_pending(tx, &pending.txid)?.is_some() {
        return Ok(InsertOutcome::AlreadyPending);
    }
    let mut next_nonces = Vec::new();
    for (account, actual) in pending.nonces() {
        let known = rows::select_next_nonce(tx, &account)?;
        let expected = match known {
            Some(nonce) => nonce,
            None => next_nonce(&account)?,
        };
        if actual < expected {
            let is_origin = account == pending.origin;
            let refusal = Refusal::BadNonce { expected, actual, principal: account, is_origin };
            return Ok(InsertOutcome::Refused(refusal));
        }
        next_nonces.push((account, expected, known.is_some()));
    }
    let conflicts = select_conflicts(tx, &pending)?;
    let dearest = conflicts.iter().max_by_key(|conflict| conflict.fee);
    if let Some(conflict) = dearest.filter(|conflict| conflict.fee >= pending.fee) {
        return Ok(InsertOutcome::Refused(conflicting_nonce(&pending, conflict)));
    }
    let leaving = select_leaving(tx, evicted, conflicts, &replaced(pending.txid))?;
    let totals = rows::totals(tx)?;
    if let Some(room) = shortage(&totals, &leaving, &pending) {
        let is_ready = next_nonces.iter().zip(pending.nonces()).all(|((_, next, _), (_, nonce))| *next == nonce);
        return Ok(InsertOutcome::Full { need: Need { is_ready, room }, totals });
    }
    let mut changes = Changes::default();
    for dropped in leaving {
        rows::delete_pending(tx, &dropped.pending)?;
        changes.dropped.push(dropped);
    }
    for (account, nonce, has_row) in next_nonces {
        // A transaction that was dropped may have taken its accounts' rows along.
        let has_row = has_row && (changes.dropped.is_empty() || rows::select_next_nonce(tx, &account)?.is_some());
        if !has_row {
            rows::insert_account(tx, &account, nonce)?;
            changes.nonces.push((account, nonce));
        }
    }
    pending.arrival = rows::insert_pending(tx, &pending, checked.transaction().raw())?;
    changes.added.push(pending);
    Ok(InsertOutcome::Inserted(changes))
}

/// The pending transactions that use a nonce of this one, as origin or payer.
fn select_conflicts(tx: &Connection, pending: &PendingTransaction) -> Result<Vec<PendingTransaction>, StoreError> {
    let mut conflicts = BTreeMap::new();
    for (account, nonce) in pending.nonces() {
        if let Some(conflict) = rows::select_by_nonce(tx, &account, nonce)? {
            conflicts.insert(conflict.arrival, conflict);
        }
    }
    Ok(conflicts.into_values().collect())
}

/// The refusal of a transaction for a pending one that uses one of its nonces and pays as much.
fn conflicting_nonce(pending: &PendingTransaction, conflict: &PendingTransaction) -> Refusal {
    let shared = pending.nonces().find(|used| conflict.nonces().any(|other| other == *used));
    let nonce = shared.map_or(pending.origin_nonce, |(_, nonce)| nonce);
    Refusal::ConflictingNonceInMempool { nonce, txid: conflict.txid, fee: conflict.fee }
}

/// The transactions that leave: those that are replaced, and those of `evicted` that are still pending.
fn select_leaving(
    tx: &Transaction<'_>,
    evicted: &[Txid],
    conflicts: Vec<PendingTransaction>,
    replaced: &DropReason,
) -> Result<Vec<Dropped>, StoreError> {
    let mut leaving: Vec<_> = conflicts.into_iter().map(|pending| Dropped { pending, reason: *replaced }).collect();
    let replaced = leaving.len();
    for txid in evicted {
        let is_replaced = leaving.iter().take(replaced).any(|dropped| dropped.pending.txid == *txid);
        if let Some(pending) = rows::get_pending(tx, txid)?.filter(|_| !is_replaced) {
            leaving.push(Dropped { pending, reason: DropReason::Evicted });
        }
    }
    Ok(leaving)
}

/// The room that a transaction lacks after `leaving` are gone; none when there is enough.
fn shortage(totals: &Totals, leaving: &[Dropped], pending: &PendingTransaction) -> Option<Totals> {
    let freed: u64 = leaving.iter().map(|dropped| u64::from(dropped.pending.size_bytes)).sum();
    let count = totals.transactions.saturating_sub(leaving.len() as u64).saturating_add(1);
    let bytes = totals.bytes.saturating_sub(freed).saturating_add(u64::from(pending.size_bytes));
    let missing = Totals {
        transactions: count.saturating_sub(MAX_PENDING_TRANSACTIONS),
        bytes: bytes.saturating_sub(MAX_PENDING_BYTES),
    };
    (missing != Totals::default()).then_some(missing)
}
