//! Rule 1: bytes that are not a block.

use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1::RejectReason;
use stacks_types::transaction::BlockTransaction;

use crate::support::TestChain;
use chainstate::test_support::{on_a_large_stack, transfer};

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
