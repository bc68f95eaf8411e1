//! Transactions that left the mempool without being mined: announced as events, and remembered for a while, so that
//! a later query gets the reason.

use std::collections::BTreeMap;

use nakamoto_proto::v1;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use stacks_types::ids::Txid;

use crate::chain::NakamotoChainState;
use crate::db::StoreError;
use crate::mempool::{Changes, DropReason, Dropped, remove};
use crate::store::WriteTx;
use crate::wire;

/// Dropped transactions that are remembered; the oldest are deleted first. About 300 bytes each.
pub(crate) const MAX_DROPPED_KEPT: u32 = 65_536;
/// Drops of one template that are logged, each on a line.
const LOGGED_MAX: usize = 10;

/// A transaction that assembly could not mine and never will.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) txid: Txid,
    pub(crate) reason: DropReason,
    /// Why, and what to do.
    pub(crate) detail: String,
}

impl NakamotoChainState {
    /// Drops transactions that assembly could not mine and never will.
    pub(crate) fn drop_problems(&self, problems: &[Problem]) -> Result<(), StoreError> {
        if problems.is_empty() {
            return Ok(());
        }
        for Problem { txid, detail, .. } in problems.iter().take(LOGGED_MAX) {
            tracing::info!("transaction 0x{txid} is dropped: {detail}");
        }
        let (problems, chain) = (problems.to_vec(), self.clone());
        self.inner.store.write(move |tx| {
            let now_s = tx.time_ms() / 1000;
            let (mut changes, mut details) = (Changes::default(), BTreeMap::new());
            for Problem { txid, reason, detail } in problems {
                changes.extend(remove(tx.sql(), &[txid], reason, now_s)?);
                details.insert(txid, detail);
            }
            for dropped in &changes.dropped {
                let detail = details.remove(&dropped.pending.txid);
                emit(tx, dropped, detail.unwrap_or_default())?;
            }
            chain.apply_after_commit(tx, changes);
            Ok(())
        })
    }

    /// Emits one event for each; a mined transaction is in its block's event.
    pub(in crate::chain) fn emit_dropped(&self, tx: &mut WriteTx<'_>, changes: &Changes) -> Result<(), StoreError> {
        changes.dropped.iter().try_for_each(|dropped| emit(tx, dropped, detail(&dropped.reason).to_owned()))
    }
}

/// Why a transaction was dropped, and what its sender can do.
const fn detail(reason: &DropReason) -> &'static str {
    match reason {
        DropReason::Mined => "",
        DropReason::NonceUsed => {
            "another transaction with its nonce was mined; sign it again with the account's next nonce"
        }
        DropReason::ReplaceByFee { .. } => "a transaction with its nonce and a higher fee took its place",
        DropReason::ReplaceAcrossFork { .. } => {
            "a reorganization brought back a transaction with its nonce and a higher fee, which took its place"
        }
        DropReason::TooExpensive => {
            "it takes more than the tenure had left; send it again after the next burn block, or split it"
        }
        DropReason::StaleGarbageCollect => "it waited for 42 hours and 40 minutes; send it again",
        DropReason::OverExecutionLimits => "it takes more time or memory than a transaction may; split it",
        DropReason::Problematic => "no block can hold it; change it, and send it again",
        DropReason::NoRoom => "a reorganization brought it back, and the mempool is full; send it again later",
        DropReason::Evicted => "the mempool is full, and it gave way to another transaction; send it again later",
    }
}

fn emit(tx: &mut WriteTx<'_>, dropped: &Dropped, detail: String) -> Result<(), StoreError> {
    let reason = match dropped.reason {
        DropReason::Mined => return Ok(()),
        DropReason::NonceUsed => v1::DropReason::NonceUsed,
        DropReason::ReplaceByFee { .. } => v1::DropReason::ReplaceByFee,
        DropReason::ReplaceAcrossFork { .. } => v1::DropReason::ReplaceAcrossFork,
        DropReason::TooExpensive => v1::DropReason::TooExpensive,
        DropReason::StaleGarbageCollect => v1::DropReason::StaleGarbageCollect,
        DropReason::Problematic => v1::DropReason::Problematic,
        DropReason::OverExecutionLimits => v1::DropReason::OverExecutionLimits,
        DropReason::NoRoom | DropReason::Evicted => v1::DropReason::NoRoom,
    };
    let body = v1::MempoolDropped {
        txids: vec![wire::bytes(&dropped.pending.txid.0)],
        reason: reason.into(),
        new_txid: dropped.reason.new_txid().map(|txid| wire::bytes(&txid.0)).unwrap_or_default(),
        detail,
    };
    remember(tx.sql(), &dropped.pending.txid, &body)?;
    tx.emit(v1::EventKind::MempoolDropped, v1::event::Body::MempoolDropped(body), None)?;
    Ok(())
}

fn remember(tx: &Transaction<'_>, txid: &Txid, why: &v1::MempoolDropped) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO mempool_dropped (txid, reason, new_txid, detail) VALUES (?1, ?2, ?3, ?4)";
    tx.prepare_cached(sql)?.execute(params![txid.0, why.reason, &why.new_txid[..], why.detail])?;
    let sql = "DELETE FROM mempool_dropped WHERE id <= (SELECT MAX(id) FROM mempool_dropped) - ?1";
    tx.prepare_cached(sql)?.execute([MAX_DROPPED_KEPT])?;
    Ok(())
}

/// Why a transaction left the mempool without being mined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WhyDropped {
    /// The reason, as the event has it.
    pub(crate) reason: v1::DropReason,
    /// The transaction that took its place.
    pub(crate) new_txid: Option<Txid>,
    /// For people, with what to do.
    pub(crate) detail: String,
}

/// Why a transaction last left the mempool without being mined; none when it did not, or its record was deleted.
///
/// # Errors
/// When the database fails, or has a reason that this version does not know.
pub(crate) fn why_dropped(conn: &Connection, txid: &Txid) -> Result<Option<WhyDropped>, StoreError> {
    let mut select = conn.prepare_cached("SELECT reason, new_txid, detail FROM mempool_dropped WHERE txid = ?1")?;
    let why = select.query_row([txid.0], |row| {
        let (reason, new_txid): (i32, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let known = v1::DropReason::try_from(reason).map_err(|_unknown| {
            let error = format!("{reason} is no reason of a drop that this version knows").into();
            rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, error)
        });
        Ok(WhyDropped { reason: known?, new_txid: new_txid.try_into().ok().map(Txid), detail: row.get(2)? })
    });
    Ok(why.optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mempool::MAX_AGE_S;

    fn note(conn: &mut Connection, txid: u8, reason: v1::DropReason) {
        let why = v1::MempoolDropped { reason: reason.into(), detail: txid.to_string(), ..Default::default() };
        let tx = conn.transaction().unwrap();
        remember(&tx, &Txid([txid; 32]), &why).unwrap();
        tx.commit().unwrap();
    }

    fn known(conn: &Connection, txid: u8) -> Option<(v1::DropReason, String)> {
        why_dropped(conn, &Txid([txid; 32])).unwrap().map(|why| (why.reason, why.detail))
    }

    #[test]
    fn the_newest_are_remembered_and_of_one_that_was_dropped_twice_the_last_reason() {
        let mut conn = crate::db::tables_in_memory();
        for txid in [1, 2, 3] {
            note(&mut conn, txid, v1::DropReason::NonceUsed);
        }
        note(&mut conn, 1, v1::DropReason::TooExpensive);
        assert_eq!(known(&conn, 1), Some((v1::DropReason::TooExpensive, "1".to_owned())));
        // As if so many had come since that 2 goes first, and 3 is the oldest that stays.
        let sql = "UPDATE mempool_dropped SET id = id + ?1 - 3 WHERE txid = ?2";
        conn.execute(sql, params![MAX_DROPPED_KEPT, [1_u8; 32]]).unwrap();
        note(&mut conn, 4, v1::DropReason::Problematic);
        let ids = |conn: &Connection| -> Vec<i64> {
            let mut select = conn.prepare("SELECT id FROM mempool_dropped ORDER BY id").unwrap();
            select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(ids(&conn), [3, i64::from(MAX_DROPPED_KEPT) + 1, i64::from(MAX_DROPPED_KEPT) + 2][..]);
        assert_eq!((known(&conn, 2), known(&conn, 3).is_some(), known(&conn, 4).is_some()), (None, true, true));
    }

    #[test]
    fn a_reason_that_is_not_known_is_an_error_that_names_it() {
        let mut conn = crate::db::tables_in_memory();
        note(&mut conn, 1, v1::DropReason::NonceUsed);
        conn.execute("UPDATE mempool_dropped SET reason = 77", []).unwrap();
        let error = why_dropped(&conn, &Txid([1; 32])).unwrap_err();
        assert!(error.to_string().contains("77"), "{error}");
    }

    #[test]
    fn the_longest_wait_is_the_one_that_the_text_says() {
        let said = detail(&DropReason::StaleGarbageCollect);
        assert!(said.contains(&format!("{} hours and {} minutes", MAX_AGE_S / 3600, MAX_AGE_S % 3600 / 60)), "{said}");
    }
}
