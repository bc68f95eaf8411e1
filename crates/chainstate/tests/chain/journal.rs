//! Events that the journal reads from the disk equal those that it announced.

use chainstate::db::StoreError;
use chainstate::journal::{JournalEvent, select_events, select_history};
use nakamoto_proto::v1;

use crate::support::TestChain;
use chainstate::test_support::{deploy, on_a_large_stack, transfer};

/// A chain with a block of transfers that is large enough to be compressed, one with a contract, one of a new tenure.
fn grown() -> TestChain {
    let mut test = TestChain::new();
    (0..20).for_each(|nonce| test.admit(&transfer(0, nonce, 1, 500)));
    (0..20).for_each(|nonce| test.admit(&transfer(1, nonce, 2, 7)));
    test.grow();
    test.admit(&deploy(2, 0, "n", "(define-data-var n int 41) (print \"deployed\")"));
    test.grow();
    test.mine(None);
    test.grow();
    test
}

fn from_disk(test: &TestChain) -> Result<Vec<JournalEvent>, StoreError> {
    test.chain.read(|reader| select_events(reader.conn(), reader.staging(), 1, usize::MAX >> 1, usize::MAX))
}

#[test]
fn events_read_from_the_disk_are_byte_by_byte_those_of_the_moment() {
    on_a_large_stack(|| {
        let test = grown();
        let announced = test.chain.journal().read(1, usize::MAX, usize::MAX).expect("all are in memory");
        let same = |read: &JournalEvent, announced: &JournalEvent| {
            assert_eq!(read.encoded, announced.encoded, "event {}", announced.sequence);
            assert_eq!(read.event, announced.event);
        };
        let read = from_disk(&test).expect("readable");
        assert_eq!(read.len(), announced.len());
        for (read, announced) in read.iter().zip(&announced) {
            same(read, announced);
            assert_eq!(read.end_offset, announced.end_offset);
        }
        let history = test.chain.read(|reader| {
            select_history(reader.conn(), reader.staging(), 1..u64::MAX >> 1, usize::MAX >> 1, usize::MAX)
        });
        let kinds = [v1::EventKind::BurnBlock, v1::EventKind::BlockProcessed];
        let chain_events: Vec<_> = announced.iter().filter(|event| kinds.contains(&event.kind)).collect();
        let history = history.expect("readable");
        assert_eq!(history.len(), chain_events.len());
        history.iter().zip(chain_events).for_each(|(read, announced)| same(read, announced));
        let receipts = announced.iter().filter_map(|event| match &event.event.body {
            Some(v1::event::Body::BlockProcessed(body)) => Some(&body.receipts),
            _ => None,
        });
        let raw: Vec<_> = receipts.flatten().map(|receipt| receipt.transaction.len()).collect();
        assert!(raw.len() > 42 && raw.iter().all(|length| *length > 100), "each with its transaction: {raw:?}");
    });
}

#[test]
fn a_processed_block_that_is_missing_from_staging_is_named() {
    on_a_large_stack(|| {
        let test = grown();
        let id = test.tip().block_id;
        let staging = rusqlite::Connection::open(test.folder.path().join("staging.sqlite")).expect("staging opens");
        staging
            .execute("UPDATE staging_blocks SET block_id = zeroblob(32) WHERE block_id = ?1", [id.0])
            .expect("moved");
        let error = from_disk(&test).expect_err("a block is missing").to_string();
        assert!(error.contains(&id.to_string()), "{error}");
    });
}
