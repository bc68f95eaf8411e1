//! Transactions that a reorganization returns to the mempool.

use chainstate::chain::Processed;
use chainstate::db::StoreError;
use nakamoto_proto::v1;
use stacks_types::block::HEADER_BYTES_MIN;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::keys::MessageSignature;
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::TransactionPayload;

use crate::support::TestChain;
use chainstate::test_support::{
    OPENING_USTX, address, call_payload, deploy_payload, key, on_a_large_stack, params, signed, transfer, user,
};

/// The next nonces in the mempool's table, by account.
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
        // Coinbases have used 0 and 1; this transaction waits for a third.
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
        // On the new fork another transfer uses the first one's nonce, and `same` is mined there, too.
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
        // The second spends what only the first provides, and pays a higher fee.
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
        // Sent again with a higher fee, it goes by its rate, after the others that came back.
        let again = paying(0, 0, 300, 1, 5_000);
        test.admit(&again);
        assert_eq!(test.pending(), [again.txid(), spends.txid(), third.txid()].into());
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.nonce(&user(1)), test.pending().len()), (1, 2, 0));
    });
}

/// Makes `first` the tip again; its burn view is `fork_point`.
fn roll_back(test: &mut TestChain, fork_point: &BurnBlockHash, first: &StacksBlockId) {
    let side = test.mine(Some(fork_point));
    test.mine(Some(&side));
    assert_eq!(test.tip().block_id, *first);
}

#[test]
fn what_comes_back_is_mined_in_its_old_order() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let old_view = test.mine(None);
        let code = "(define-public (go) (ok true))";
        let deployed = signed(&key("user", 0), 0, 600, deploy_payload("late", code));
        let called = signed(&key("user", 1), 0, 50_000, call_payload(address("user", 0), "late", "go", vec![]));
        let old = test.forge(&first, &old_view, vec![deployed.clone(), called.clone()]);
        test.push(&old);
        assert_eq!(test.settle(), [Processed::Appended(old.block_id())]);
        roll_back(&mut test, &fork_point, &first);
        // A newcomer with the highest fee rate, on which no other transaction depends.
        let newcomer = signed(&key("user", 2), 0, 1_000_000, deploy_payload("early", code));
        test.admit(&newcomer);
        test.grow();
        let receipts = test.events().into_iter().rev().find_map(|event| match event.body {
            Some(v1::event::Body::BlockProcessed(processed)) => Some(processed.receipts),
            _ => None,
        });
        let receipts = receipts.expect("a block");
        let mined: Vec<_> = receipts.iter().skip(1).map(|receipt| receipt.txid.to_vec()).collect();
        assert_eq!(mined, [&deployed, &called, &newcomer].map(|transaction| transaction.txid().0.to_vec()));
        assert!(receipts.iter().all(|receipt| receipt.status() == v1::TransactionStatus::Success), "{receipts:?}");
    });
}

#[test]
fn what_spends_money_that_another_brings_waits_until_that_has_room() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let mut parent = first;
        let code = ";".repeat(1_400_000);
        let large = |from| signed(&key("user", from), 0, 2_000_000, deploy_payload("large", &code));
        let paying = |from, nonce, fee, to, amount| {
            let payload = TransactionPayload::TokenTransfer { recipient: user(to), amount, memo: [0; 34] };
            signed(&key("user", from), nonce, fee, payload)
        };
        let nearly_all = u64::try_from(OPENING_USTX).expect("an amount") - 1_000;
        let old_view = test.mine(None);
        let (brings, spends) = (paying(0, 1, 200, 1, 1_000_000), paying(1, 0, 1_000_000, 2, nearly_all));
        for transactions in [vec![large(3)], vec![large(0), brings], vec![spends]] {
            let old = test.forge(&parent, &old_view, transactions);
            test.push(&old);
            assert_eq!(test.settle(), [Processed::Appended(old.block_id())]);
            parent = old.block_id();
        }
        roll_back(&mut test, &fork_point, &first);
        assert_eq!(test.pending().len(), 4);
        test.grow();
        assert_eq!(test.pending().len(), 3, "the money comes after a large one, for which the block has no room");
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.nonce(&user(1)), test.pending().len()), (2, 1, 0));
    });
}

#[test]
fn what_fits_no_block_is_dropped_with_its_bytes() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        let of_size = |size: usize| {
            let deployed =
                |text: usize| signed(&key("user", 0), 0, 3_000_000, deploy_payload("large", &";".repeat(text)));
            let transaction = deployed(size - (deployed(1).encode().len() - 1));
            assert_eq!(transaction.encode().len(), size);
            transaction
        };
        // Room beside a header without signatures, one signature for each stacker, and the count of transactions.
        let room =
            MAX_BLOCK_BYTES - HEADER_BYTES_MIN - MessageSignature::LEN * test.chain.params().burn.stackers.len() - 4;
        let (large, fits) = (of_size(room + 1), of_size(room));
        test.admit(&large);
        test.grow();
        assert!(test.pending().is_empty());
        let dropped = test.events().into_iter().find_map(|event| match event.body {
            Some(v1::event::Body::MempoolDropped(body)) => Some(body),
            _ => None,
        });
        let dropped = dropped.expect("a drop is announced");
        assert_eq!(
            (dropped.reason(), dropped.txids),
            (v1::DropReason::TooExpensive, vec![large.txid().0.to_vec().into()])
        );
        assert_eq!(dropped.detail, format!("{} bytes, and a block has room for {room}: split it", room + 1));
        test.admit(&fits);
        test.mine(None);
        test.grow();
        assert_eq!(test.pending(), [fits.txid()].into(), "a block with a coinbase has less room");
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.pending().len()), (1, 0));
    });
}
