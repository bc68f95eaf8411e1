//! Removes transactions from the mempool: mined, replaced, hopeless or too old ones.

use super::changes::{Changes, DropReason, Dropped};
use super::rows;
use crate::db::StoreError;
use rusqlite::Transaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;

/// How long a transaction waits: 256 burn blocks of ten minutes, 42 h 40 min (docs/COMPATIBILITY.md#admission).
pub(crate) const MAX_AGE_S: u64 = 256 * 600;
/// How long a problematic transaction is refused: 2 days (docs/COMPATIBILITY.md#admission).
pub(crate) const BLACKLIST_S: u64 = 2 * 24 * 60 * 60;
/// Most problematic transactions that are remembered; the oldest are forgotten first. About 100 bytes each.
pub(crate) const MAX_BLACKLISTED: u32 = 65_536;

/// Drops the given transactions for one reason; ignores those that are not pending. Problematic ones are refused for
/// [`BLACKLIST_S`] from `now_s`, even when they are no longer pending.
///
/// # Errors
/// When the database fails.
pub(crate) fn remove(
    tx: &Transaction<'_>,
    txids: &[Txid],
    reason: DropReason,
    now_s: u64,
) -> Result<Changes, StoreError> {
    let mut changes = Changes::default();
    for txid in txids {
        if let Some(pending) = rows::get_pending(tx, txid)? {
            rows::delete_pending(tx, &pending)?;
            changes.dropped.push(Dropped { pending, reason });
        }
        if reason.is_lasting() {
            rows::insert_blacklisted(tx, txid, now_s.saturating_add(BLACKLIST_S))?;
        }
    }
    if reason.is_lasting() {
        rows::delete_blacklisted_beyond(tx, MAX_BLACKLISTED)?;
    }
    Ok(changes)
}

/// Follows the canonical tip: drops mined transactions, sets the next nonces of the accounts that the blocks touched
/// (also those of blocks that are no longer canonical: nonces may go back), and drops transactions whose nonce is used.
///
/// # Errors
/// When the database fails.
pub(crate) fn on_block(
    tx: &Transaction<'_>,
    mined: &[Txid],
    next_nonces: &[(StacksAddress, u64)],
) -> Result<Changes, StoreError> {
    let mut changes = Changes::default();
    for txid in mined {
        if let Some(pending) = rows::get_pending(tx, txid)? {
            rows::delete_pending(tx, &pending)?;
            changes.dropped.push(Dropped { pending, reason: DropReason::Mined });
        }
    }
    for (account, nonce) in next_nonces {
        for pending in rows::select_below_nonce(tx, account, *nonce)? {
            rows::delete_pending(tx, &pending)?;
            changes.dropped.push(Dropped { pending, reason: DropReason::NonceUsed });
        }
        if rows::update_next_nonce(tx, account, *nonce)? {
            changes.nonces.push((*account, *nonce));
        }
    }
    Ok(changes)
}

/// Drops up to `limit` transactions that waited longer than [`MAX_AGE_S`], oldest first, and deletes expired blacklist
/// entries. Call again while it drops `limit` of them.
///
/// # Errors
/// When the database fails.
pub(crate) fn garbage_collect(tx: &Transaction<'_>, now_s: u64, limit: u32) -> Result<Changes, StoreError> {
    rows::delete_blacklisted_until(tx, now_s)?;
    let mut changes = Changes::default();
    for pending in rows::select_accepted_before(tx, now_s.saturating_sub(MAX_AGE_S), limit)? {
        rows::delete_pending(tx, &pending)?;
        changes.dropped.push(Dropped { pending, reason: DropReason::StaleGarbageCollect });
    }
    Ok(changes)
}
