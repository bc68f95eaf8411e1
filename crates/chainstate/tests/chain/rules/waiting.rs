//! Blocks that wait, and blocks that wait for them: what happens to them, and what their sender is told.

use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::v1;
use nakamoto_proto::v1::RejectReason;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, StacksBlockId, StateRoot};

use crate::support::TestChain;
use chainstate::test_support::{on_a_large_stack, params, transfer};

/// Kinds of the events that name a block, in order.
pub(super) fn kinds_about(test: &TestChain, id: &StacksBlockId) -> Vec<v1::EventKind> {
    let names = |block: &Option<v1::BlockRef>| block.as_ref().is_some_and(|block| block.block_id[..] == id.0);
    let events = test.events().into_iter();
    let about = events.filter(|event| match &event.body {
        Some(v1::event::Body::BlockStored(body)) => names(&body.block),
        Some(v1::event::Body::BlockProcessed(body)) => names(&body.block),
        Some(v1::event::Body::BlockRejected(body)) => names(&body.block),
        _ => false,
    });
    about.map(|event| event.kind()).collect()
}

/// The chain of an author who has mined a burn block, a chain without it, and a block that witnesses it.
fn ahead() -> (TestChain, TestChain, NakamotoStacksBlock) {
    let (author, mut other) = (TestChain::with(1, 4), TestChain::with(1, 4));
    let first = author.make_block();
    for test in [&author, &other] {
        test.push(&first);
        test.settle();
    }
    let mut author = author;
    author.mine(None);
    let block = author.make_block();
    other.settle();
    other = other.reopen();
    (author, other, block)
}

#[test]
fn bad_stacker_signatures_that_come_first_do_not_keep_the_good_ones_out() {
    on_a_large_stack(|| {
        let (author, mut test, good) = ahead();
        let id = good.block_id();
        let mut bad = good.clone();
        bad.header.stacker_signatures.truncate(1);
        assert_eq!(bad.block_id(), id, "stacker signatures are no part of the id");
        // Nobody can tell yet which is the good one, so the second is not reported as known.
        assert_eq!(test.push(&bad), StoreOutcome::Stored(id));
        assert!(matches!(test.push(&good), StoreOutcome::Rejected(_, rejection)
            if rejection.reason() == RejectReason::UnknownBurnBlock));
        // A child of the good one waits for it, whatever happens to the bad one.
        author.push(&good);
        author.settle();
        let child = author.make_block();
        assert_eq!(test.push(&child), StoreOutcome::Stored(child.block_id()));
        test.mine(None);
        assert_eq!(kinds_about(&test, &id), [v1::EventKind::BlockStored, v1::EventKind::BlockRejected]);
        assert_eq!(test.push(&good), StoreOutcome::Stored(id));
        assert_eq!(test.settle(), [Processed::Appended(id), Processed::Appended(child.block_id())]);
    });
}

#[test]
fn signatures_are_checked_as_soon_as_the_burn_view_is_known_parent_or_not() {
    on_a_large_stack(|| {
        let (author, mut test, mut block) = ahead();
        block.header.parent_block_id = StacksBlockId([5; 32]);
        author.resign(&mut block);
        let mut bad = block.clone();
        bad.header.stacker_signatures.swap(0, 1);
        assert_eq!(test.push(&bad), StoreOutcome::Stored(bad.block_id()));
        test.mine_in_silence(None);
        assert!(matches!(&test.settle()[..], [Processed::Rejected(id, rejection)]
            if *id == bad.block_id() && rejection.reason() == RejectReason::BadStackerSignatures));
        assert_eq!(test.push(&block), StoreOutcome::Stored(block.block_id()), "the good one waits for its parent");
        assert_eq!(test.settle(), []);
    });
}

#[test]
fn a_rejected_block_takes_its_descendants_along_and_each_is_announced() {
    on_a_large_stack(|| {
        let mut author = TestChain::new();
        let test = TestChain::new();
        let first = author.grow();
        // The author's own chain accepts what others must reject: there the root is made wrong.
        let mut bad = author.make_block();
        bad.header.state_index_root = StateRoot([9; 32]);
        author.resign(&mut bad);
        let mut child = author.make_block();
        child.header.parent_block_id = bad.block_id();
        child.header.chain_length += 1;
        author.resign(&mut child);
        let mut grandchild = child.clone();
        grandchild.header.parent_block_id = child.block_id();
        grandchild.header.chain_length += 1;
        author.resign(&mut grandchild);
        for block in [&grandchild, &child] {
            assert_eq!(test.push(block), StoreOutcome::Stored(block.block_id()));
        }
        test.settle();
        let first = author.chain.read(|reader| reader.staging().get_staging_block(&first));
        test.chain.store_block(&first.expect("readable").expect("there").data, |_| ()).expect("storage works");
        test.settle();
        test.push(&bad);
        assert!(matches!(test.settle()[..], [Processed::Rejected(id, _)] if id == bad.block_id()));
        let stored_and_rejected = [v1::EventKind::BlockStored, v1::EventKind::BlockRejected];
        for block in [&bad, &child, &grandchild] {
            assert_eq!(kinds_about(&test, &block.block_id()), stored_and_rejected);
        }
        let code = |block: &NakamotoStacksBlock| match test.push(block) {
            StoreOutcome::AlreadyKnown(_, Some(rejection)) | StoreOutcome::Rejected(_, rejection) => rejection.reason(),
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&bad), RejectReason::BadStateRoot);
        assert_eq!(code(&child), RejectReason::UnknownParent);
        assert_eq!(code(&grandchild), RejectReason::UnknownParent);
        let mut late = child.clone();
        late.header.vrf_proof = child.header.vrf_proof;
        late.header.state_index_root = StateRoot([7; 32]);
        author.resign(&mut late);
        assert_eq!(code(&late), RejectReason::UnknownParent, "one that comes after the verdict");
        test.grow();
        author.mine(None);
    });
}

#[test]
fn a_block_is_announced_before_it_is_judged_even_if_it_came_just_now() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.mine_in_silence(None);
        while test.chain.announce().expect("announcing") {}
        let block = test.make_block();
        test.push(&block);
        // Nothing is announced between the push and this.
        assert_eq!(test.chain.process_next().expect("processing"), Some(Processed::Appended(block.block_id())));
        let both = [v1::EventKind::BlockStored, v1::EventKind::BlockProcessed];
        assert_eq!(kinds_about(&test, &block.block_id()), both);
    });
}

#[test]
fn a_block_that_can_be_processed_at_once_is_announced_by_the_commit_that_appends_it() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let block = test.make_block();
        test.push(&block);
        let commits = test.chain.commits();
        assert!(!test.chain.announce().expect("announcing"), "it is left to the append");
        assert_eq!(test.chain.process_next().expect("processing"), Some(Processed::Appended(block.block_id())));
        assert_eq!(test.chain.commits(), commits + 1);
        let both = [v1::EventKind::BlockStored, v1::EventKind::BlockProcessed];
        assert_eq!(kinds_about(&test, &block.block_id()), both);
        assert!(!test.chain.announce().expect("announcing"), "and not announced again");
    });
}

#[test]
fn a_burn_block_that_came_since_is_announced_before_the_block_that_waits() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let block = test.make_block();
        test.push(&block);
        assert!(!test.chain.announce().expect("announcing"), "it is left to the append");
        let newest = test.chain.journal().newest_sequence();
        test.mine_in_silence(None);
        assert_eq!(test.chain.process_next().expect("processing"), Some(Processed::Appended(block.block_id())));
        let events = test.chain.journal().read(newest + 1, 3, usize::MAX).expect("in memory");
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [v1::EventKind::BurnBlock, v1::EventKind::BlockStored, v1::EventKind::BlockProcessed]);
    });
}

#[test]
fn a_block_that_waits_for_a_burn_block_is_processed_after_that_is_announced() {
    on_a_large_stack(|| {
        let (_, mut test, block) = ahead();
        test.push(&block);
        test.settle();
        let newest = test.chain.journal().newest_sequence();
        test.mine_in_silence(None);
        assert_eq!(test.chain.process_next().expect("processing"), None, "nobody has heard of the burn block");
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
        let events = test.chain.journal().read(newest + 1, 2, usize::MAX).expect("in memory");
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [v1::EventKind::BurnBlock, v1::EventKind::BlockProcessed]);
    });
}

#[test]
fn unknown_parents_and_burn_views_are_named_and_wait() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        let mut orphan = test.make_block();
        orphan.header.parent_block_id = StacksBlockId([5; 32]);
        test.resign(&mut orphan);
        assert_eq!(test.push(&orphan), StoreOutcome::Stored(orphan.block_id()), "its parent may still come");
        let mut unseen = test.make_block();
        unseen.header.bitcoin_block_hash = BurnBlockHash([6; 32]);
        test.resign(&mut unseen);
        assert_eq!(test.push(&unseen), StoreOutcome::Stored(unseen.block_id()));
        assert_eq!(test.push(&unseen), StoreOutcome::AlreadyKnown(unseen.block_id(), None), "the same bytes");
        assert_eq!(test.settle(), []);
        test.mine(None);
        test.grow();
    });
}

#[test]
fn blocks_on_disjoint_bitcoin_forks_are_no_siblings() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let view = test.burn_tip();
        let first = test.forge(&StacksBlockId::BOOT, &view.hash, vec![]);
        let second = test.forge(&StacksBlockId::BOOT, &view.hash, vec![transfer(0, 0, 1, 5)]);
        test.push(&first);
        test.settle();
        assert!(matches!(test.push(&second), StoreOutcome::Rejected(_, rejection)
            if rejection.reason() == RejectReason::HasSibling));
        let side = test.mine(Some(&view.parent));
        let elsewhere = test.forge(&StacksBlockId::BOOT, &side, vec![transfer(0, 0, 1, 5)]);
        test.push(&elsewhere);
        assert_eq!(test.settle(), [Processed::Appended(elsewhere.block_id())]);
        assert_eq!(test.tip().block_id, first.block_id(), "the first seen bitcoin fork is still canonical");
        let above = test.mine(Some(&side));
        assert_eq!(test.tip().block_id, elsewhere.block_id());
        let third = test.forge(&StacksBlockId::BOOT, &above, vec![]);
        assert!(
            matches!(test.push(&third), StoreOutcome::Rejected(_, rejection)
            if rejection.reason() == RejectReason::HasSibling),
            "its view descends from the sibling's"
        );
    });
}

#[test]
fn a_tenure_of_the_boot_block_has_no_coinbase() {
    on_a_large_stack(|| {
        let mut test = TestChain::at_genesis(params(1, 3));
        let id = test.grow();
        assert_eq!((test.tip().block_id, test.tip().tenure.height), (id, 0));
        test.mine(None);
        test.grow();
        assert_eq!(test.tip().tenure.height, 1);
    });
}

#[test]
fn a_chain_length_that_no_parent_can_make_right_does_not_wait_for_one() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let length_of_an_orphan = |chain_length| {
            let mut block = test.make_block();
            block.header.parent_block_id = StacksBlockId([5; 32]);
            block.header.chain_length = chain_length;
            test.resign(&mut block);
            test.push(&block)
        };
        let longest = u64::MAX / 2;
        for too_long in [longest + 1, u64::MAX] {
            assert!(matches!(length_of_an_orphan(too_long), StoreOutcome::Rejected(_, rejection)
                if rejection.reason() == RejectReason::BadChainLength));
        }
        assert!(matches!(length_of_an_orphan(longest), StoreOutcome::Stored(_)));
    });
}
