//! Stored descendants of a rejected block that the journal has not announced when the block is rejected.

use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::v1;
use nakamoto_proto::v1::RejectReason;
use nakamoto_proto::v1::event::Body;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{StacksBlockId, StateRoot};

use super::waiting::kinds_about;
use crate::support::TestChain;
use chainstate::test_support::on_a_large_stack;

const STORED_AND_REJECTED: [v1::EventKind; 2] = [v1::EventKind::BlockStored, v1::EventKind::BlockRejected];

/// A block that only execution shows to be wrong.
fn bad_block(test: &TestChain) -> NakamotoStacksBlock {
    let mut block = test.make_block();
    block.header.state_index_root = StateRoot([9; 32]);
    test.resign(&mut block);
    block
}

fn child_of(test: &TestChain, parent: &NakamotoStacksBlock) -> NakamotoStacksBlock {
    let mut block = parent.clone();
    block.header.parent_block_id = parent.block_id();
    block.header.chain_length += 1;
    test.resign(&mut block);
    block
}

fn store(test: &TestChain, block: &NakamotoStacksBlock) {
    assert_eq!(test.push(block), StoreOutcome::Stored(block.block_id()));
}

/// Opens staging beside the chain's writer, the only one that may open it to write.
fn staging(test: &TestChain) -> rusqlite::Connection {
    rusqlite::Connection::open(test.folder.path().join("staging.sqlite")).expect("staging opens")
}

fn rejections(test: &TestChain) -> Vec<v1::BlockRejected> {
    let body = |event: v1::Event| match event.body {
        Some(Body::BlockRejected(body)) => Some(body),
        _ => None,
    };
    test.events().into_iter().filter_map(body).collect()
}

#[test]
fn more_descendants_than_keep_their_bytes_are_announced_whole() {
    on_a_large_stack(|| {
        let test = TestChain::with(1, 1);
        let bad = bad_block(&test);
        store(&test, &bad);
        // More than two announcements take, and more than twice as many as keep their bytes.
        let mut family = vec![bad];
        for _ in 0..600 {
            let child = child_of(&test, &family[family.len() - 1]);
            store(&test, &child);
            family.push(child);
        }
        assert!(matches!(test.settle()[..], [Processed::Rejected(id, _)] if id == family[0].block_id()));
        let rejections = rejections(&test);
        assert_eq!(rejections.len(), family.len(), "each once");
        for (block, rejected) in family.iter().zip(rejections) {
            let expected = v1::BlockRef {
                block_id: block.block_id().0.to_vec().into(),
                block_hash: block.header.block_hash().0.to_vec().into(),
                chain_length: block.header.chain_length,
                burn_block_hash: block.header.bitcoin_block_hash.0.to_vec().into(),
            };
            assert_eq!(rejected.block, Some(expected));
        }
        assert_eq!(kinds_about(&test, &family[300].block_id()), STORED_AND_REJECTED);
        test.grow();
    });
}

#[test]
fn an_orphan_whose_bytes_were_dropped_before_its_announcement_is_rejected_by_what_its_row_says() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let mut block = test.make_block();
        block.header.parent_block_id = StacksBlockId([5; 32]);
        test.resign(&mut block);
        store(&test, &block);
        // The state that older builds left when more than 256 newer blocks were orphaned before the announcement.
        let changed = staging(&test).execute_batch(
            "UPDATE staging_blocks SET state = 'orphaned', reason = 1, reason_detail = 'x', reason_ancestor = parent_id;
             DELETE FROM staging_block_data;",
        );
        changed.expect("staging takes it");
        let test = test.reopen();
        assert_eq!(test.settle(), []);
        let id = block.block_id();
        assert_eq!(kinds_about(&test, &id), [v1::EventKind::BlockRejected]);
        let [rejected] = &rejections(&test)[..] else { panic!("one event") };
        let expected = v1::BlockRef {
            block_id: id.0.to_vec().into(),
            block_hash: Vec::new().into(),
            chain_length: block.header.chain_length,
            burn_block_hash: block.header.bitcoin_block_hash.0.to_vec().into(),
        };
        assert_eq!(rejected.block, Some(expected));
        assert_eq!(rejected.rejection.as_ref().map(v1::Rejection::reason), Some(RejectReason::UnknownParent));
        test.grow();
    });
}

/// A chain that was stopped between its verdict on a block and staging's mark, and a child that came in between.
fn stopped_before_the_mark() -> (TestChain, NakamotoStacksBlock, NakamotoStacksBlock) {
    let test = TestChain::new();
    let bad = bad_block(&test);
    store(&test, &bad);
    assert!(matches!(test.settle()[..], [Processed::Rejected(id, _)] if id == bad.block_id()));
    let unmark = "UPDATE staging_blocks SET state = 'stored', reason = NULL, reason_detail = NULL WHERE block_id = ?1";
    assert_eq!(staging(&test).execute(unmark, [bad.block_id().0]), Ok(1));
    let child = child_of(&test, &bad);
    store(&test, &child);
    (test, bad, child)
}

#[test]
fn a_child_that_came_between_verdict_and_mark_is_rejected_too() {
    on_a_large_stack(|| {
        for crash in [true, false] {
            let (mut test, bad, child) = stopped_before_the_mark();
            if crash {
                test = test.reopen();
            } // If not reopened: the disk was full, and the same process goes on.
            test.settle();
            for block in [&bad, &child] {
                assert_eq!(kinds_about(&test, &block.block_id()), STORED_AND_REJECTED);
                assert!(matches!(test.push(block), StoreOutcome::AlreadyKnown(_, Some(_))));
            }
            test.grow();
        }
    });
}
