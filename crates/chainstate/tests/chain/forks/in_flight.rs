//! Templates, proposals and stored blocks that are in flight when bitcoin reorganizes. Each has one right result.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chainstate::assembly::{TemplateFailure, TemplateOrder};
use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::v1;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use crate::support::TestChain;
use chainstate::test_support::{on_a_large_stack, transfer, user};

/// A chain with one block, and a second burn block on which the next tenure could begin.
struct Fork {
    test: TestChain,
    first: StacksBlockId,
    fork_point: BurnBlockHash,
    old_view: BurnBlockHash,
}

impl Fork {
    fn new() -> Self {
        let mut test = TestChain::new();
        let first = test.grow();
        let fork_point = test.tip().burn_view;
        let old_view = test.mine(None);
        test.admit(&transfer(0, 0, 1, 5));
        Self { test, first, fork_point, old_view }
    }

    /// Mines a longer fork from the fork point, which the journal has not announced yet.
    fn reorganize_in_silence(&mut self) -> BurnBlockHash {
        let side = self.test.mine_in_silence(Some(&self.fork_point));
        self.test.mine_in_silence(Some(&side))
    }

    fn reorganize(&mut self) {
        self.reorganize_in_silence();
        self.test.settle();
    }

    /// Makes the old fork the longest again.
    fn reorganize_back(&mut self) {
        let mut at = self.old_view;
        for _ in 0..2 {
            at = self.test.mine(Some(&at));
        }
    }
}

#[test]
fn a_template_of_the_old_fork_is_appended_there_and_waits_for_its_fork_to_win() {
    on_a_large_stack(|| {
        let mut fork = Fork::new();
        let block = fork.test.make_block();
        fork.reorganize();
        assert_eq!(fork.test.push(&block), StoreOutcome::Stored(block.block_id()));
        assert_eq!(fork.test.settle(), [Processed::Appended(block.block_id())]);
        assert_eq!(fork.test.tip().block_id, fork.first);
        assert_eq!(fork.test.chain.pending_count(), 1, "on the canonical fork its transfer is not mined");
        fork.reorganize_back();
        assert_eq!(fork.test.tip().block_id, block.block_id());
        assert_eq!((fork.test.chain.pending_count(), fork.test.nonce(&user(0))), (0, 1));
    });
}

#[test]
fn a_verdict_on_a_proposal_outlives_a_reorganization() {
    on_a_large_stack(|| {
        let mut fork = Fork::new();
        let proposal = fork.test.proposal(&fork.test.template());
        let before = fork.test.chain.validate(&proposal.encode(), |_| ()).expect("storage works");
        fork.reorganize();
        let after = fork.test.chain.validate(&proposal.encode(), |_| ()).expect("storage works");
        assert!(before.valid && before == after, "{after:?}");
        let mut block = proposal;
        fork.test.sign(&mut block);
        fork.test.push(&block);
        assert_eq!(fork.test.settle(), [Processed::Appended(block.block_id())]);
        assert_eq!(fork.test.tip().block_id, fork.first);
    });
}

#[test]
fn a_stored_block_whose_burn_view_is_orphaned_is_appended_on_its_own_fork() {
    on_a_large_stack(|| {
        let mut fork = Fork::new();
        let block = fork.test.make_block();
        assert_eq!(fork.test.push(&block), StoreOutcome::Stored(block.block_id()));
        fork.reorganize_in_silence();
        assert_eq!(fork.test.settle(), [Processed::Appended(block.block_id())]);
        assert_eq!(fork.test.tip().block_id, fork.first);
        let new = fork.test.grow();
        assert_eq!((fork.test.tip().block_id, fork.test.tip().parent_block_id), (new, fork.first));
        fork.reorganize_back();
        assert_eq!(fork.test.tip().block_id, block.block_id(), "it is where its fork found it");
    });
}

#[test]
fn a_template_ordered_on_a_tip_that_moved_is_refused_with_the_new_tip() {
    on_a_large_stack(|| {
        let mut fork = Fork::new();
        let old = fork.test.grow();
        fork.reorganize();
        let order = |order: TemplateOrder| {
            fork.test
                .chain
                .assemble(&order, Duration::MAX, &AtomicBool::new(false))
                .expect("storage works")
                .expect_err("the tip moved")
        };
        let pinned = order(TemplateOrder { parent: Some(old), ..TemplateOrder::default() });
        assert_eq!(pinned, TemplateFailure::TipMoved { tip: fork.first });
        let pinned = order(TemplateOrder { burn_view: Some(fork.old_view), ..TemplateOrder::default() });
        assert_eq!(pinned, TemplateFailure::BurnViewMoved { tip: fork.test.burn_tip().hash });
    });
}

#[test]
fn a_template_made_before_the_reorganization_is_announced_is_valid() {
    on_a_large_stack(|| {
        let mut fork = Fork::new();
        let old = fork.test.grow();
        fork.reorganize_in_silence();
        // Bitcoin has moved to the other fork, the Stacks tip not yet: parent and burn view must be of the same fork.
        let proposal = fork.test.proposal(&fork.test.template());
        assert_eq!((proposal.header.parent_block_id, proposal.header.bitcoin_block_hash), (old, fork.old_view));
        let verdict = fork.test.chain.validate(&proposal.encode(), |_| ()).expect("storage works");
        assert!(verdict.valid, "{:?}", verdict.rejection);
        fork.test.settle();
        let proposal = fork.test.proposal(&fork.test.template());
        assert_eq!(proposal.header.parent_block_id, fork.first);
        assert!(fork.test.chain.validate(&proposal.encode(), |_| ()).expect("storage works").valid);
    });
}

#[test]
fn a_burn_block_is_announced_before_the_blocks_that_cite_it_and_before_the_tip_moves() {
    on_a_large_stack(|| {
        let mut author = TestChain::new();
        let mut test = TestChain::new();
        let mut blocks = vec![author.make_block()];
        author.push(&blocks[0]);
        author.settle();
        for _ in 0..3 {
            author.mine(None);
            test.mine_in_silence(None);
            let block = author.make_block();
            author.push(&block);
            author.settle();
            blocks.push(block);
        }
        for block in blocks.iter().rev() {
            test.push(block);
        }
        test.settle();
        assert_eq!(test.tip().block_id, author.tip().block_id);
        let (mut burn, mut stored) = (Vec::new(), Vec::new());
        for event in test.events() {
            match event.body.expect("a body") {
                v1::event::Body::BurnBlock(body) => burn.push(body.burn_block.expect("a block").burn_block_hash),
                v1::event::Body::BlockStored(body) => {
                    let block = body.block.expect("a block");
                    assert!(burn.contains(&block.burn_block_hash));
                    stored.push(block.block_id);
                }
                v1::event::Body::BlockProcessed(body) => {
                    let block = body.block.expect("a block");
                    assert!(burn.contains(&block.burn_block_hash));
                    assert!(block.chain_length == 0 || stored.contains(&block.block_id));
                }
                v1::event::Body::TipChanged(body) => {
                    assert!(burn.contains(&body.new_tip.expect("a tip").burn_block_hash));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(stored.len(), 4);
    });
}
