//! Bitcoin forks: which Stacks block is canonical, how that is announced, and what reorganizations do to blocks in
//! flight.

mod in_flight;
mod mempool;
mod model;
mod random;

use clarity::keys;
use clarity::value::Value;
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;

use crate::support::TestChain;
use chainstate::test_support::{deploy, on_a_large_stack, transfer, user};

/// All tip-changed events so far.
fn tip_changes(test: &TestChain) -> Vec<v1::TipChanged> {
    let bodies = test.events().into_iter().filter_map(|event| event.body);
    bodies
        .filter_map(|body| match body {
            v1::event::Body::TipChanged(moved) => Some(moved),
            _ => None,
        })
        .collect()
}

fn ids(refs: &[v1::BlockRef]) -> Vec<StacksBlockId> {
    refs.iter().map(|block| StacksBlockId::try_from(&block.block_id[..]).expect("32 bytes")).collect()
}

#[test]
fn a_longer_bitcoin_fork_takes_the_tip_back_and_its_transactions_return() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        test.mine(None);
        test.admit(&transfer(0, 0, 1, 5));
        let orphaned = test.grow();
        assert_eq!(test.nonce(&user(0)), 1);

        let side = test.mine(Some(&fork_point));
        assert_eq!(test.tip().block_id, orphaned, "the first seen wins a tie");
        test.mine(Some(&side));
        assert_eq!(test.tip().block_id, first);
        assert_eq!(test.nonce(&user(0)), 0);
        assert_eq!(test.chain.pending_count(), 1, "the transfer is pending again");

        let moved = tip_changes(&test).pop().expect("a tip change");
        assert_eq!(ids(&moved.rolled_back), [orphaned]);
        assert!(moved.applied.is_empty());
        assert_eq!(moved.common_ancestor.expect("one").block_id, first.0.to_vec());

        let again = test.grow();
        assert_eq!(test.tip().parent_block_id, first);
        assert_eq!(test.tip().block_id, again);
        assert_eq!(test.nonce(&user(0)), 1, "mined on the new fork");
        assert_eq!(test.chain.pending_count(), 0);
        let on_old_fork = test.chain.read(|reader| reader.account(&user(0), Some(&orphaned))).expect("still readable");
        assert_eq!(on_old_fork.nonce, 1);
    });
}

#[test]
fn a_reorganization_may_be_deep() {
    const DEPTH: u64 = 60;
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let mut old = Vec::new();
        for nonce in 0..DEPTH {
            if nonce % 3 == 0 {
                test.mine(None);
            }
            test.admit(&transfer(0, nonce, 1, 1 + nonce));
            old.push(test.grow());
        }
        let mut at = fork_point;
        for _ in 0..=DEPTH / 3 {
            at = test.mine(Some(&at));
        }
        assert_eq!(test.tip().block_id, first);
        assert_eq!(test.chain.pending_count(), DEPTH);
        let moved = tip_changes(&test).pop().expect("a tip change");
        old.reverse();
        assert_eq!(ids(&moved.rolled_back), old);
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.chain.pending_count()), (DEPTH, 0), "one block takes them all");
    });
}

#[test]
fn contracts_and_accounts_are_read_on_every_fork() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let source = |fork: &str| format!("(define-data-var fork (string-ascii 10) \"{fork}\")");
        let old_view = test.mine(None);
        let old = test.forge(&first, &old_view, vec![deploy(0, 0, "c", &source("old"))]);
        let new_view = test.mine(Some(&fork_point));
        let new = test.forge(&first, &new_view, vec![transfer(0, 0, 1, 1), deploy(0, 1, "c", &source("new"))]);
        for block in [&old, &new] {
            test.push(block);
            test.settle();
        }
        test.mine(Some(&new_view));
        assert_eq!(test.tip().block_id, new.block_id());
        test.grow();
        let test = test.reopen();
        let contract = clarity::principal::ContractId::parse(&format!("{}.c", user(0))).expect("an id");
        let read = |block: &StacksBlockId| {
            let read = test.chain.read(|reader| {
                reader.state_at(Some(block), |state| {
                    let source = state.contract_source(&contract)?.map(|found| found.source);
                    let variable = state.value(&keys::variable(&contract, &"fork".parse().expect("a name")))?;
                    Ok((source, variable, state.account(&user(0))?.nonce))
                })
            });
            read.expect("readable")
        };
        let (nothing, var, nonce) = read(&first);
        assert_eq!((nothing, var, nonce), (None, None, 0));
        for (block, fork, nonce) in
            [(old.block_id(), "old", 1), (new.block_id(), "new", 2), (test.tip().block_id, "new", 2)]
        {
            let (text, var, next) = read(&block);
            assert_eq!(text, Some(source(fork)));
            let value = Value::ascii(fork.as_bytes().to_vec()).expect("ascii");
            assert_eq!(var.expect("a variable"), value.encode_hex());
            assert_eq!(next, nonce);
        }
    });
}
