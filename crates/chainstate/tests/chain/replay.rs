//! The same blocks give the same chain: on another node, without the shared execution, and after it is opened again.

use chainstate::chain::NakamotoChainState;
use sqlite::Durability;

use crate::support::{TestChain, clock};
use chainstate::test_support::{deploy, on_a_large_stack, params, transfer};

/// A few tenures with transfers and contracts.
fn busy_chain() -> (TestChain, Vec<Vec<u8>>) {
    let mut test = TestChain::new();
    let mut blocks = Vec::new();
    for tenure in 0..4 {
        for step in 0..2 {
            let nonce = 2 * tenure + step;
            test.chain
                .admit_transaction(transfer(0, nonce, 1, 7).encode())
                .expect("storage works")
                .expect("a transfer");
            let code = format!("(define-data-var n uint u{nonce}) (print (var-get n))");
            let name = format!("c{nonce}");
            test.chain.admit_transaction(deploy(2, nonce, &name, &code).encode()).expect("storage").expect("a deploy");
            let block = test.make_block();
            blocks.push(block.encode());
            test.push(&block);
            test.settle();
        }
        test.mine(None);
    }
    (test, blocks)
}

#[test]
fn another_node_reaches_the_same_roots_without_having_assembled_anything() {
    on_a_large_stack(|| {
        let (test, blocks) = busy_chain();
        let other = TestChain::new();
        let mut other_mined = other;
        for _ in 0..4 {
            other_mined.mine(None);
        }
        for block in &blocks {
            other_mined.chain.store_block(block, |_| ()).expect("storage works");
        }
        other_mined.settle();
        assert_eq!(other_mined.tip().block_id, test.tip().block_id);
        assert_eq!(other_mined.tip().state_root, test.tip().state_root);
        assert_eq!(other_mined.tip().chain_length, blocks.len() as u64);
    });
}

#[test]
fn a_reopened_chain_goes_on_where_it_was() {
    on_a_large_stack(|| {
        let (test, _) = busy_chain();
        let (tip, events) = (test.tip(), test.events());
        let TestChain { chain, folder, .. } = test;
        drop(chain);
        // The writer holds the folder until its last job is done; the lock is free when the last handle is dropped.
        let (chain, _) = NakamotoChainState::open(folder.path(), params(1, 3), Durability::Unsynced, clock)
            .expect("the folder opens again");
        assert_eq!(chain.read(|reader| reader.tip()).expect("a tip").block_id, tip.block_id);
        assert_eq!(chain.journal().newest_sequence(), events.len() as u64);
        let refused = NakamotoChainState::open(folder.path(), params(1, 3), Durability::Unsynced, clock)
            .err()
            .expect("it is in use");
        assert!(refused.to_string().contains("in use"), "{refused}");
        drop(chain);
        let other = NakamotoChainState::open(folder.path(), params(1, 4), Durability::Unsynced, clock)
            .err()
            .expect("another chain's");
        assert!(other.to_string().contains("other"), "{other}");
    });
}
