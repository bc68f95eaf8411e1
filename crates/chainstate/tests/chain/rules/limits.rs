//! Rule 1: bytes that are not a block, and proposals that can never be one.

use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::v1::RejectReason;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::BlockTransaction;

use crate::support::TestChain;
use chainstate::test_support::{deploy_payload, key, on_a_large_stack, signed, transfer};

#[test]
fn bytes_that_are_no_block_are_named_and_never_stored() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let good = test.make_block();
        let bytes = good.encode();
        let with = |change: fn(&mut Vec<u8>)| {
            let mut bytes = bytes.clone();
            change(&mut bytes);
            bytes
        };
        // Two lists of transactions can have the same Merkle root if one repeats a txid: such a list is not a block.
        let mut repeated = good.clone();
        let extra = BlockTransaction::new(transfer(0, 0, 1, 5));
        repeated.txs.extend([extra.clone(), extra]);
        let cases = [
            (RejectReason::BadVersion, with(|bytes| bytes[0] = 1)),
            (RejectReason::BadVersion, with(|bytes| bytes[0] = 0xff)),
            (RejectReason::BadEncoding, with(|bytes| bytes.push(0))),
            (RejectReason::BadEncoding, with(|bytes| bytes.truncate(bytes.len() - 1))),
            (RejectReason::BadEncoding, vec![]),
            (RejectReason::BadEncoding, vec![0]),
            (RejectReason::BadEncoding, vec![0; 2 << 20]),
            (RejectReason::BadEncoding, repeated.encode()),
            (RejectReason::TooLarge, vec![0; (2 << 20) + 1]),
            (RejectReason::TooLarge, vec![1; (2 << 20) + 1]),
        ];
        let before = test.snapshot();
        for (place, (reason, bytes)) in cases.iter().enumerate() {
            let verdict = test.chain.validate(bytes, |_| ()).expect("storage works");
            assert_eq!(verdict.rejection.expect("a rejection").reason(), *reason, "validation of {place}");
            match test.chain.store_block(bytes, |_| ()).expect("storage works") {
                StoreOutcome::Rejected(None, rejection) => assert_eq!(rejection.reason(), *reason, "push of {place}"),
                other => panic!("push of {place}: {other:?}"),
            }
        }
        assert_eq!(test.settle(), []);
        test.snapshot().assert_same(&before, "bytes that are no block");
        test.grow();
    });
}

/// A block of the elected producer, of this many bytes when its stackers have signed, and its proposal.
fn block_of(test: &TestChain, size: usize) -> (NakamotoStacksBlock, Vec<u8>) {
    let (parent, view) = (test.tip().block_id, test.burn_tip().hash);
    let of_source = |length: usize| {
        let source = format!(";{}", "x".repeat(length - 1));
        test.forge(&parent, &view, vec![signed(&key("user", 0), 0, 10_000_000, deploy_payload("large", &source))])
    };
    let block = of_source(1_000);
    let block = of_source(1_000 + size - block.encode().len());
    assert_eq!(block.encode().len(), size);
    let mut proposal = block.clone();
    proposal.header.stacker_signatures.clear();
    let proposal = proposal.encode();
    (block, proposal)
}

/// Such a proposal would be signed and could never be pushed, and its signers would sign no other in its place.
#[test]
fn a_proposal_without_room_for_its_stackers_signatures_is_not_valid() {
    on_a_large_stack(|| {
        let test = TestChain::with(1, 4);
        let (_, proposal) = block_of(&test, MAX_BLOCK_BYTES + 1);
        assert!(proposal.len() < MAX_BLOCK_BYTES);
        let verdict = test.chain.validate(&proposal, |_| ()).expect("storage works");
        let rejection = verdict.rejection.expect("a rejection");
        assert_eq!(rejection.reason(), RejectReason::TooLarge);
        assert_eq!(rejection.detail, "block has 2097153 bytes, at most 2097152 are allowed");
        let (block, proposal) = block_of(&test, MAX_BLOCK_BYTES);
        let verdict = test.chain.validate(&proposal, |_| ()).expect("storage works");
        assert!(verdict.valid, "{:?}", verdict.rejection);
        test.push(&block);
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
    });
}
