//! The journal forgets its oldest events, and nothing else does.

use nakamoto_proto::ids::StacksBlockId;
use nakamoto_proto::v1;

use crate::support::{TestChain, on_big_stack};

#[test]
fn the_oldest_events_go_in_batches_and_blocks_keep_their_receipts() {
    on_big_stack(|| {
        let test = TestChain::new();
        let id = test.grow();
        for _ in 0..1_100 {
            test.chain.announce_template(v1::TemplateFinished::default()).expect("storage works");
        }
        let newest = test.chain.journal().newest_sequence();
        assert!(!test.chain.prune_journal(newest).expect("storage works"), "all of it may stay");
        assert_eq!(test.chain.journal().oldest_sequence(), 1);
        assert!(!test.chain.prune_journal(10).expect("storage works"), "one batch is enough");
        assert_eq!(test.chain.journal().oldest_sequence(), newest - 9);
        let kept = test.chain.read(|reader| chainstate::journal::select_events(reader.conn(), 1, 100, usize::MAX));
        let kept: Vec<_> = kept.expect("readable").iter().map(|event| event.sequence).collect();
        assert_eq!(kept, (newest - 9..=newest).collect::<Vec<_>>());
        for block in [StacksBlockId::BOOT, id] {
            let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("readable");
            assert!(!processed.expect("still there").receipts.is_empty());
        }
        let next = test.chain.announce_template(v1::TemplateFinished::default()).expect("storage works");
        assert_eq!(next, newest + 1, "a sequence is never used twice");
    });
}

#[test]
fn burn_blocks_and_blocks_are_told_for_ever_in_their_order() {
    on_big_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        test.mine(None);
        let id = test.grow();
        let is_chain = |event: &v1::Event| {
            matches!(event.body, Some(v1::event::Body::BurnBlock(_) | v1::event::Body::BlockProcessed(_)))
        };
        let expected: Vec<_> = test.events().into_iter().filter(is_chain).collect();
        assert!(expected.len() >= 6);
        for _ in 0..1_100 {
            test.chain.announce_template(v1::TemplateFinished::default()).expect("storage works");
        }
        let history = |range: std::ops::Range<u64>, max_events| {
            let read = test
                .chain
                .read(|reader| chainstate::journal::select_history(reader.conn(), range, max_events, usize::MAX));
            read.expect("readable").iter().map(|event| v1::Event::clone(&event.event)).collect::<Vec<_>>()
        };
        let newest = test.chain.journal().newest_sequence();
        assert_eq!(history(1..newest, 100), expected, "before anything is forgotten");
        // Some are kept, some forgotten; then all forgotten.
        for keep in [newest - expected[3].sequence, 1] {
            test.chain.prune_journal(keep).expect("storage works");
            assert_eq!(history(1..newest, 100), expected, "{keep} events kept");
        }
        assert_eq!(history(expected[1].sequence..expected[4].sequence, 100), expected[1..4]);
        assert_eq!(history(expected[1].sequence..newest, 2), expected[1..3]);
        assert!(history(newest..newest + 1, 100).is_empty());
        let sequence = test.chain.read(|reader| chainstate::journal::sequence_of_processed(reader.conn(), &id));
        assert_eq!(sequence.expect("readable"), expected.last().map(|event| event.sequence));
    });
}
