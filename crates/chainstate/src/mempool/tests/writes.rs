use super::support::*;
use crate::mempool::insert::{MAX_PENDING_BYTES, MAX_PENDING_TRANSACTIONS};
use crate::mempool::remove::BLACKLIST_S;
use crate::mempool::rows::{get_pending, totals};
use crate::mempool::*;
use crate::test_support::with_other_s;
use rusqlite::Connection;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use stacks_types::transaction::{BlockTransaction, SpendingCondition, TransactionAuth};

/// Inserts at a tip where every account's next nonce is `next`.
fn put(conn: &mut Connection, transaction: &CheckedTransaction, next: u64) -> InsertOutcome {
    write(conn, |tx| insert(tx, transaction, &[], |_| Ok(next))).unwrap()
}

fn inserted(outcome: InsertOutcome) -> Changes {
    match outcome {
        InsertOutcome::Inserted(changes) => changes,
        other => panic!("{other:?}"),
    }
}

fn reasons(changes: &Changes) -> Vec<(stacks_types::ids::Txid, DropReason)> {
    changes.dropped.iter().map(|dropped| (dropped.pending.txid, dropped.reason)).collect()
}

fn txid(transaction: &CheckedTransaction) -> stacks_types::ids::Txid {
    transaction.transaction().txid()
}

/// Asserts that dropped transactions left no rows.
fn assert_empty(conn: &Connection) {
    for table in ["mempool", "mempool_raw", "mempool_nonces", "mempool_accounts"] {
        let rows: u32 = conn.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(totals(conn).unwrap(), Totals::default());
}

#[test]
fn an_inserted_transaction_is_read_back() {
    let mut conn = database();
    let transaction = checked(unsigned_sponsored((1, 5), (2, 7), 900, transfer(3, 1)));
    let changes = inserted(put(&mut conn, &transaction, 5));
    let size_bytes = u32::try_from(transaction.transaction().length()).unwrap();
    let expected = PendingTransaction {
        arrival: 1,
        txid: txid(&transaction),
        origin: address(1),
        origin_nonce: 5,
        payer: address(2),
        payer_nonce: 7,
        fee: 900,
        size_bytes,
        accepted_s: NOW_S,
        restored: false,
    };
    assert_eq!(changes.added, vec![expected.clone()]);
    assert_eq!(changes.nonces, vec![(address(1), 5), (address(2), 5)]);
    assert_eq!(get_pending(&conn, &txid(&transaction)).unwrap(), Some(expected));
    assert_eq!(get_raw(&conn, &txid(&transaction)).unwrap().as_deref(), Some(transaction.transaction().raw()));
    assert_eq!(totals(&conn).unwrap(), Totals { transactions: 1, bytes: u64::from(size_bytes) });
    assert_eq!(put(&mut conn, &transaction, 5), InsertOutcome::AlreadyPending);
    let gone = write(&mut conn, |tx| remove(tx, &[txid(&transaction)], DropReason::TooExpensive, NOW_S)).unwrap();
    assert_eq!(reasons(&gone), vec![(txid(&transaction), DropReason::TooExpensive)]);
    assert_empty(&conn);
}

#[test]
fn the_tip_may_have_moved_since_the_check() {
    let mut conn = database();
    let refusal = Refusal::BadNonce { expected: 6, actual: 5, principal: address(1), is_origin: true };
    assert_eq!(put(&mut conn, &checked_transfer(1, 5, 900), 6), InsertOutcome::Refused(refusal));
    assert_empty(&conn);
    // The next nonce of an account with pending transactions is stored; the caller is not asked.
    inserted(put(&mut conn, &checked_transfer(1, 5, 900), 5));
    write(&mut conn, |tx| on_block(tx, &[], &[(address(1), 5)])).unwrap();
    let asked = |_: &StacksAddress| -> Result<u64, crate::db::StoreError> { panic!("asked") };
    let outcome = write(&mut conn, |tx| insert(tx, &checked_transfer(1, 6, 900), &[], asked)).unwrap();
    assert!(matches!(outcome, InsertOutcome::Inserted(_)));
}

/// Refused for a pending transaction with nonce 5.
fn conflict(pending: &CheckedTransaction, fee: u64) -> InsertOutcome {
    InsertOutcome::Refused(Refusal::ConflictingNonceInMempool { nonce: 5, txid: txid(pending), fee })
}

#[test]
fn only_a_strictly_higher_fee_replaces() {
    let mut conn = database();
    let old = checked_transfer(1, 5, 900);
    inserted(put(&mut conn, &old, 5));
    let same = checked(unsigned(1, 5, 900, transfer(98, 1)));
    assert_eq!(put(&mut conn, &same, 5), conflict(&old, 900));
    assert_eq!(put(&mut conn, &checked_transfer(1, 5, 899), 5), conflict(&old, 900));
    let better = checked_transfer(1, 5, 901);
    let changes = inserted(put(&mut conn, &better, 5));
    assert_eq!(reasons(&changes), vec![(txid(&old), DropReason::ReplaceByFee { new_txid: txid(&better) })]);
    assert_eq!(get_pending(&conn, &txid(&old)).unwrap(), None);
    assert_eq!(totals(&conn).unwrap().transactions, 1);
}

#[test]
fn a_nonce_is_used_once_as_origin_or_as_sponsor() {
    let mut conn = database();
    let one = checked_transfer(1, 5, 900);
    let two = checked_transfer(2, 5, 950);
    inserted(put(&mut conn, &one, 5));
    inserted(put(&mut conn, &two, 5));
    // Conflicts with the first as origin and with the second as sponsor, and must pay more than both.
    let not_enough = checked(unsigned_sponsored((1, 5), (2, 5), 950, transfer(3, 1)));
    assert_eq!(put(&mut conn, &not_enough, 5), conflict(&two, 950));
    let both = checked(unsigned_sponsored((1, 5), (2, 5), 951, transfer(3, 1)));
    let changes = inserted(put(&mut conn, &both, 5));
    let reason = DropReason::ReplaceByFee { new_txid: txid(&both) };
    assert_eq!(reasons(&changes), vec![(txid(&one), reason), (txid(&two), reason)]);
    assert_eq!(totals(&conn).unwrap().transactions, 1);
    // And vice versa: a transaction of the sponsor's own replaces the sponsored one.
    let own = checked_transfer(2, 5, 952);
    let changes = inserted(put(&mut conn, &own, 5));
    assert_eq!(reasons(&changes), vec![(txid(&both), DropReason::ReplaceByFee { new_txid: txid(&own) })]);
}

#[test]
fn limits_refuse_and_replacement_still_works_when_full() {
    let mut conn = database();
    let old = checked_transfer(1, 5, 900);
    inserted(put(&mut conn, &old, 5));
    let full = |conn: &Connection, transactions: u64, bytes: u64| {
        let values = [transactions, bytes].map(|value| i64::try_from(value).unwrap());
        conn.execute("UPDATE mempool_totals SET transactions = ?1, bytes = ?2", values).unwrap();
    };
    full(&conn, MAX_PENDING_TRANSACTIONS, 1000);
    let totals = Totals { transactions: MAX_PENDING_TRANSACTIONS, bytes: 1000 };
    let room = Totals { transactions: 1, bytes: 0 };
    let no_room = |is_ready| InsertOutcome::Full { need: Need { is_ready, room }, totals };
    assert_eq!(put(&mut conn, &checked_transfer(2, 5, 900), 5), no_room(true));
    assert_eq!(put(&mut conn, &checked_transfer(2, 6, 900), 5), no_room(false));
    let better = checked_transfer(1, 5, 901);
    inserted(put(&mut conn, &better, 5));
    full(&conn, 1, MAX_PENDING_BYTES);
    assert!(matches!(put(&mut conn, &checked_transfer(2, 5, 900), 5), InsertOutcome::Full { .. }));
    inserted(put(&mut conn, &checked_transfer(1, 5, 902), 5));
}

#[test]
fn others_give_way_when_that_suffices_and_only_then() {
    let mut conn = database();
    let (first, second) = (checked_transfer(1, 5, 900), checked_transfer(1, 6, 900));
    inserted(put(&mut conn, &first, 5));
    inserted(put(&mut conn, &second, 5));
    conn.execute("UPDATE mempool_totals SET transactions = ?1", [MAX_PENDING_TRANSACTIONS + 1]).unwrap();
    let newcomer = checked_transfer(2, 5, 900);
    let mut offer = |evicted: &[Txid]| write(&mut conn, |tx| insert(tx, &newcomer, evicted, |_| Ok(5))).unwrap();
    assert!(matches!(offer(&[txid(&second), Txid([7; 32])]), InsertOutcome::Full { .. }), "two must go");
    let changes = inserted(offer(&[txid(&first), txid(&second)]));
    assert_eq!(reasons(&changes), [&first, &second].map(|gone| (txid(gone), DropReason::Evicted)));
    assert_eq!(changes.added[0].txid, txid(&newcomer));
    assert_eq!(get_pending(&conn, &txid(&first)).unwrap(), None);
    // A replaced transaction does not make room twice.
    conn.execute("UPDATE mempool_totals SET transactions = ?1", [MAX_PENDING_TRANSACTIONS + 1]).unwrap();
    let better = checked_transfer(2, 5, 901);
    let outcome = write(&mut conn, |tx| insert(tx, &better, &[txid(&newcomer)], |_| Ok(5))).unwrap();
    assert!(matches!(outcome, InsertOutcome::Full { .. }), "{outcome:?}");
}

#[test]
fn a_block_drops_what_it_mined_and_what_can_no_longer_be() {
    let mut conn = database();
    let mined = checked_transfer(1, 5, 900);
    let overtaken = checked_transfer(2, 5, 900);
    let sponsored_by_two = checked(unsigned_sponsored((3, 5), (2, 6), 900, transfer(9, 1)));
    let next = checked_transfer(1, 6, 900);
    for transaction in [&mined, &overtaken, &sponsored_by_two, &next] {
        inserted(put(&mut conn, transaction, 5));
    }
    let nonces = [(address(1), 6), (address(2), 7), (address(77), 3)];
    let changes = write(&mut conn, |tx| on_block(tx, &[txid(&mined)], &nonces)).unwrap();
    assert_eq!(
        reasons(&changes),
        vec![
            (txid(&mined), DropReason::Mined),
            (txid(&overtaken), DropReason::NonceUsed),
            (txid(&sponsored_by_two), DropReason::NonceUsed),
        ]
    );
    assert_eq!(changes.nonces, vec![(address(1), 6)], "accounts without pending transactions are not followed");
    assert_eq!(totals(&conn).unwrap().transactions, 1);
}

#[test]
fn a_reorganization_brings_transactions_back() {
    let mut conn = database();
    let pending = checked_transfer(1, 6, 900);
    inserted(put(&mut conn, &pending, 6));
    let rival = checked_transfer(2, 5, 900);
    inserted(put(&mut conn, &rival, 5));
    // Back on the old fork's parent: account 1 is at 5 again; account 3 has used 5 on the new fork.
    let changes = write(&mut conn, |tx| on_block(tx, &[], &[(address(1), 5)])).unwrap();
    assert_eq!(changes.nonces, vec![(address(1), 5)]);
    let orphaned: Vec<BlockTransaction> = [
        unsigned(1, 5, 900, transfer(9, 1)),
        unsigned(2, 5, 901, transfer(9, 1)),
        unsigned(3, 5, 900, transfer(9, 1)),
        unsigned(1, 6, 900, transfer(8, 1)),
    ]
    .into_iter()
    .map(BlockTransaction::from)
    .collect();
    let next_nonce = |account: &StacksAddress| Ok(if *account == address(3) { 6 } else { 5 });
    let changes = write(&mut conn, |tx| restore(tx, orphaned.clone(), false, NOW_S, next_nonce)).unwrap();
    let added: Vec<_> = changes.added.iter().map(|pending| pending.txid).collect();
    assert_eq!(added, vec![orphaned[0].txid(), orphaned[1].txid()]);
    assert!(changes.added.iter().all(|pending| pending.restored));
    let expected = [
        (txid(&rival), DropReason::ReplaceAcrossFork { new_txid: orphaned[1].txid() }),
        (orphaned[2].txid(), DropReason::NonceUsed),
        (orphaned[3].txid(), DropReason::ReplaceByFee { new_txid: txid(&pending) }),
    ];
    assert_eq!(reasons(&changes), expected);
    assert!(get_pending(&conn, &txid(&pending)).unwrap().is_some(), "as good as the orphaned one, and here first");
}

#[test]
fn what_no_proposal_may_hold_does_not_come_back() {
    let mut conn = database();
    let mut orphaned = unsigned(1, 5, 900, transfer(9, 1));
    orphaned.sign_origin(&key(1)).unwrap();
    let TransactionAuth::Standard(SpendingCondition::SingleSig(condition)) = &mut orphaned.auth else {
        panic!("one key")
    };
    condition.signature.0 = with_other_s(condition.signature.0);
    let orphaned = BlockTransaction::from(orphaned);
    let changes = write(&mut conn, |tx| restore(tx, vec![orphaned.clone()], false, NOW_S, |_| Ok(5))).unwrap();
    assert_eq!(reasons(&changes), vec![(orphaned.txid(), DropReason::Problematic)]);
    assert!(get_pending(&conn, &orphaned.txid()).unwrap().is_none());
}

#[test]
fn what_a_reorganization_brings_back_to_a_full_mempool_is_dropped_with_a_reason() {
    let mut conn = database();
    let orphaned = BlockTransaction::from(unsigned(1, 5, 900, transfer(9, 1)));
    conn.execute("UPDATE mempool_totals SET transactions = ?1", [MAX_PENDING_TRANSACTIONS]).unwrap();
    let changes = write(&mut conn, |tx| restore(tx, vec![orphaned.clone()], false, NOW_S, |_| Ok(5))).unwrap();
    assert_eq!(reasons(&changes), vec![(orphaned.txid(), DropReason::NoRoom)]);
    assert!(changes.added.is_empty());
    assert!(get_pending(&conn, &orphaned.txid()).unwrap().is_none());
}

#[test]
fn old_transactions_and_blacklist_entries_are_collected() {
    let mut conn = database();
    let old = checked_transfer(1, 5, 900);
    inserted(put(&mut conn, &old, 5));
    let bad = stacks_types::ids::Txid([1; 32]);
    write(&mut conn, |tx| remove(tx, &[bad], DropReason::Problematic, NOW_S)).unwrap();
    let collect = |conn: &mut Connection, now_s, limit| write(conn, |tx| garbage_collect(tx, now_s, limit)).unwrap();
    assert_eq!(collect(&mut conn, NOW_S + MAX_AGE_S, 10), Changes::default());
    assert_eq!(collect(&mut conn, NOW_S + MAX_AGE_S + 1, 0), Changes::default());
    let changes = collect(&mut conn, NOW_S + MAX_AGE_S + 1, 10);
    assert_eq!(reasons(&changes), vec![(txid(&old), DropReason::StaleGarbageCollect)]);
    let entries = |conn: &Connection| -> u32 {
        conn.query_row("SELECT COUNT(*) FROM mempool_blacklist", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(entries(&conn), 1);
    collect(&mut conn, NOW_S + BLACKLIST_S, 10);
    assert_eq!(entries(&conn), 0);
    assert_empty(&conn);
}

#[test]
fn the_largest_numbers_are_stored_exactly() {
    let mut conn = database();
    let transaction = checked_transfer(1, u64::MAX, u64::MAX);
    inserted(put(&mut conn, &transaction, u64::MAX - 1));
    let stored = get_pending(&conn, &txid(&transaction)).unwrap().unwrap();
    assert_eq!((stored.origin_nonce, stored.fee), (u64::MAX, u64::MAX));
    let changes = write(&mut conn, |tx| on_block(tx, &[], &[(address(1), 1 << 63)])).unwrap();
    assert_eq!(changes.dropped, vec![], "numbers above 2^63 compare as numbers");
    assert_eq!(changes.nonces, vec![(address(1), 1 << 63)]);
}

#[test]
fn a_rolled_back_write_leaves_no_trace() {
    let mut conn = database();
    let tx = conn.transaction().unwrap();
    insert(&tx, &checked_transfer(1, 5, 900), &[], |_| Ok(5)).unwrap();
    drop(tx);
    assert_empty(&conn);
}
