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
