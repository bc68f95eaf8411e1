//! What a reorganization gives back to the mempool.

use chainstate::chain::Processed;
use chainstate::db::StoreError;
use nakamoto_proto::v1;
use stacks_types::transaction::TransactionPayload;

use crate::support::TestChain;
use chainstate::test_support::{OPENING_USTX, address, key, on_a_large_stack, params, signed, transfer, user};

/// The next nonces that the mempool's table has, by account.
pub(super) fn next_nonces(test: &TestChain) -> Vec<(Vec<u8>, u64)> {
    let rows = test.chain.read(|reader| {
        let mut select = reader.conn().prepare("SELECT account, next_nonce FROM mempool_accounts ORDER BY account")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, u64::from_be_bytes(row.get(1)?))))?;
        Ok::<_, StoreError>(rows.collect::<Result<Vec<_>, _>>()?)
    });
    rows.expect("readable")
}

#[test]
fn a_coinbase_that_is_rolled_back_gives_its_nonce_back() {
    on_a_large_stack(|| {
        let mut params = params(1, 3);
        let producer = address("producer", 0).to_principal();
        params.boot_balances.push((producer.clone(), OPENING_USTX));
        let mut test = TestChain::at_genesis(params);
        let fork_point = test.mine(None);
        let first = test.grow();
        test.mine(None);
        test.grow();
        // Coinbases have used 0 and 1; this one is for after a third.
        let payload = TransactionPayload::TokenTransfer { recipient: user(1), amount: 5, memo: [0; 34] };
        test.admit(&signed(&key("producer", 0), 3, 1_000, payload));
        assert_eq!(next_nonces(&test)[0].1, 2);
        let mut at = fork_point;
        for _ in 0..2 {
            at = test.mine(Some(&at));
        }
        assert_eq!(test.tip().block_id, first);
        assert_eq!(next_nonces(&test)[0].1, 1);
        test.grow();
        test.mine(Some(&at));
        test.grow();
        assert_eq!(test.nonce(&producer), 4, "the second coinbase of the new fork, and then the transfer");
        assert_eq!(test.chain.pending_count(), 0);
    });
}

#[test]
fn what_comes_back_to_a_full_mempool_is_announced_as_dropped() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let old_view = test.mine(None);
        let mined = transfer(0, 0, 1, 5);
        let old = test.forge(&first, &old_view, vec![mined.clone()]);
        test.push(&old);
        test.settle();
        let file = rusqlite::Connection::open(test.folder.path().join("chainstate.sqlite")).expect("a database");
        file.execute("UPDATE mempool_totals SET bytes = 1 << 28", []).expect("as if it were full");
        let side = test.mine(Some(&fork_point));
        test.mine(Some(&side));
        assert_eq!(test.tip().block_id, first);
        assert!(test.pending().is_empty());
        let dropped = test.events().into_iter().find_map(|event| match event.body {
            Some(v1::event::Body::MempoolDropped(body)) => Some(body),
            _ => None,
        });
        let dropped = dropped.expect("a drop is announced");
        assert_eq!(dropped.txids, [mined.txid().0.to_vec()]);
        assert_eq!(dropped.reason(), v1::DropReason::NoRoom);
        assert!(dropped.detail.contains("the mempool is full"), "{dropped:?}");
    });
}

#[test]
fn a_transaction_whose_nonce_the_new_fork_has_used_does_not_come_back() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let old_view = test.mine(None);
        let (mined, same, later) = (transfer(0, 0, 1, 5), transfer(2, 0, 1, 5), transfer(0, 1, 1, 6));
        let old = test.forge(&first, &old_view, vec![mined.clone(), same.clone(), later.clone()]);
        test.push(&old);
        test.settle();
        let side = test.mine(Some(&fork_point));
        // On the new fork another transfer has the first one's nonce, and one is mined there too.
        let new = test.forge(&first, &side, vec![transfer(0, 0, 3, 9), same.clone()]);
        test.push(&new);
        assert_eq!(test.settle(), [Processed::Appended(new.block_id())]);
        assert_eq!(test.chain.pending_count(), 0, "nothing is orphaned yet");
        test.mine(Some(&side));
        assert_eq!(test.tip().block_id, new.block_id());
        assert_eq!(test.pending(), [later.txid()].into());
        let accepted = test.events().into_iter().filter_map(|event| match event.body {
            Some(v1::event::Body::MempoolAccepted(body)) => Some(body.txid.to_vec()),
            _ => None,
        });
        assert_eq!(accepted.collect::<Vec<_>>(), [later.txid().0.to_vec()], "what came back is announced");
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.chain.pending_count()), (2, 0));
    });
}

#[test]
fn what_spends_money_that_another_brings_is_mined_again_after_it() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let old_view = test.mine(None);
        let paying = |from, nonce, fee, to, amount| {
            let payload = TransactionPayload::TokenTransfer { recipient: user(to), amount, memo: [0; 34] };
            signed(&key("user", from), nonce, fee, payload)
        };
        // The second spends what only the first brings, and offers the higher fee.
        let nearly_all = u64::try_from(OPENING_USTX).expect("an amount") - 1_000;
        let (brings, spends) = (paying(0, 0, 200, 1, 5_000), paying(1, 0, 5_000, 2, nearly_all));
        let third = paying(1, 1, 200, 2, 10);
        let old = test.forge(&first, &old_view, vec![brings.clone(), spends.clone(), third.clone()]);
        test.push(&old);
        assert_eq!(test.settle(), [Processed::Appended(old.block_id())]);
        let side = test.mine(Some(&fork_point));
        test.mine(Some(&side));
        assert_eq!(test.pending(), [brings.txid(), spends.txid(), third.txid()].into());
        assert_eq!(test.nonce(&user(1)), 0);
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.nonce(&user(1)), test.pending().len()), (1, 2, 0));
    });
}
