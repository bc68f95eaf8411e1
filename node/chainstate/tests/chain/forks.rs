//! Bitcoin forks: the canonical tip, its event, and what orphaned transactions do.

use nakamoto_proto::v1;

use crate::support::{TestChain, on_big_stack, transfer, user};

fn tip_changes(test: &TestChain) -> Vec<v1::TipChanged> {
    let bodies = test.events().into_iter().filter_map(|event| event.body);
    bodies
        .filter_map(|body| match body {
            v1::event::Body::TipChanged(moved) => Some(moved),
            _ => None,
        })
        .collect()
}

#[test]
fn a_longer_bitcoin_fork_takes_the_tip_back_and_its_transactions_return() {
    on_big_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        test.mine(None);
        test.chain.admit_transaction(transfer(0, 0, 1, 5).encode()).expect("storage works").expect("a transfer");
        let orphaned = test.grow();
        assert_eq!(test.nonce(&user(0)), 1);

        let side = test.mine(Some(&fork_point));
        assert_eq!(test.tip().block_id, orphaned, "the first seen wins a tie");
        test.mine(Some(&side));
        assert_eq!(test.tip().block_id, first);
        assert_eq!(test.nonce(&user(0)), 0);
        assert_eq!(test.chain.pending_count(), 1, "the transfer is pending again");

        let moved = tip_changes(&test).pop().expect("a tip change");
        let ids = |refs: &[v1::BlockRef]| refs.iter().map(|block| block.block_id.to_vec()).collect::<Vec<_>>();
        assert_eq!(ids(&moved.rolled_back), [orphaned.0.to_vec()]);
        assert!(moved.applied.is_empty());
        assert_eq!(moved.common_ancestor.expect("one").block_id, first.0.to_vec());

        let again = test.grow();
        assert_eq!(test.tip().parent_block_id, first);
        assert_eq!(test.tip().block_id, again);
        assert_eq!(test.nonce(&user(0)), 1, "mined on the new fork");
        let on_old_fork = test.chain.read(|reader| reader.account(&user(0), Some(&orphaned))).expect("still readable");
        assert_eq!(on_old_fork.nonce, 1);
    });
}
