//! One block for each reason code, on every path that judges blocks: the codes agree and nothing stays behind.

use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::block::NakamotoBlock;
use nakamoto_proto::ids::{BurnBlockHash, StacksBlockId, StateRoot};
use nakamoto_proto::transaction::BlockTransaction;
use nakamoto_proto::v1::RejectReason;

use crate::support::{TestChain, key, on_big_stack, transfer};

/// Signs again what a forgery changed.
fn resign(test: &TestChain, block: &mut NakamotoBlock) {
    block.header.tx_merkle_root = block.computed_tx_merkle_root();
    block.header.sign_producer(&key("producer", test.elected()));
    test.sign(block);
}

fn reason_by_validation(test: &TestChain, bytes: &[u8]) -> RejectReason {
    let verdict = test.chain.validate(bytes).expect("storage works");
    verdict.rejection.map_or(RejectReason::Unspecified, |rejection| rejection.reason())
}

/// The reason by push, or by processing if the push stored it; unspecified if the block was appended or waits.
fn reason_by_push(test: &TestChain, bytes: &[u8]) -> RejectReason {
    match test.chain.store_block(bytes).expect("storage works") {
        StoreOutcome::Rejected(_, rejection) => rejection.reason(),
        StoreOutcome::Stored(_) => match test.settle().pop() {
            Some(Processed::Rejected(_, rejection)) => rejection.reason(),
            _ => RejectReason::Unspecified,
        },
        _ => RejectReason::Unspecified,
    }
}

type Forge = fn(&TestChain, &mut NakamotoBlock);

/// Forgeries that both validation and push judge the same.
const FORGERIES: &[(RejectReason, Forge)] = &[
    (RejectReason::BadChainLength, |test, block| {
        block.header.chain_length += 1;
        resign(test, block);
    }),
    (RejectReason::BadBurnSpent, |test, block| {
        block.header.burn_spent += 1;
        resign(test, block);
    }),
    (RejectReason::BadProducer, |test, block| {
        block.header.sign_producer(&key("stranger", 0));
        test.sign(block);
    }),
    (RejectReason::BadVrfProof, |test, block| {
        block.header.vrf_proof = crate::support::vrf_key(99).prove(b"something else");
        resign(test, block);
    }),
    (RejectReason::BadTxMerkleRoot, |test, block| {
        block.header.tx_merkle_root.0[0] ^= 1;
        block.header.sign_producer(&key("producer", test.elected()));
        test.sign(block);
    }),
    (RejectReason::BadCoinbase, |test, block| {
        block.txs.clear();
        resign(test, block);
    }),
    (RejectReason::BadCoinbase, |test, block| {
        let coinbase = block.txs[0].clone();
        block.txs.push(BlockTransaction::new(transfer(0, 0, 1, 5)));
        block.txs.swap(0, 1);
        assert_eq!(block.txs[1], coinbase);
        resign(test, block);
    }),
    (RejectReason::BadTransaction, |test, block| {
        block.txs.push(BlockTransaction::new(transfer(0, 7, 1, 5)));
        resign(test, block);
    }),
    (RejectReason::BadTransaction, |test, block| {
        let mut forged = transfer(0, 0, 1, 5);
        forged.chain_id ^= 1;
        block.txs.push(BlockTransaction::new(forged));
        resign(test, block);
    }),
    (RejectReason::BadStateRoot, |test, block| {
        block.header.state_index_root = StateRoot([9; 32]);
        resign(test, block);
    }),
];

#[test]
fn each_broken_rule_has_its_code_on_every_path_and_leaves_nothing() {
    on_big_stack(|| {
        for (place, (reason, forge)) in FORGERIES.iter().enumerate() {
            let test = TestChain::new();
            let mut block = test.make_block();
            forge(&test, &mut block);
            let bytes = block.encode();
            assert_eq!(reason_by_validation(&test, &bytes), *reason, "validation of forgery {place}");
            assert_eq!(reason_by_push(&test, &bytes), *reason, "push of forgery {place}");
            assert_eq!(test.tip().block_id, StacksBlockId::BOOT, "forgery {place} left something");
            test.grow();
        }
    });
}

#[test]
fn bytes_that_are_no_block_are_named() {
    on_big_stack(|| {
        let test = TestChain::new();
        let good = test.make_block().encode();
        let mut version = good.clone();
        version[0] = 1;
        let mut trailing = good.clone();
        trailing.push(0);
        let too_large = vec![0; (2 << 20) + 1];
        for (reason, bytes) in [
            (RejectReason::BadVersion, version.as_slice()),
            (RejectReason::BadEncoding, &trailing),
            (RejectReason::BadEncoding, &good[..good.len() - 1]),
            (RejectReason::BadEncoding, &[]),
            (RejectReason::TooLarge, &too_large),
        ] {
            assert_eq!(reason_by_validation(&test, bytes), reason);
            assert_eq!(reason_by_push(&test, bytes), reason);
        }
    });
}

#[test]
fn stacker_signatures_are_counted_ordered_and_known() {
    on_big_stack(|| {
        let test = TestChain::with(1, 4);
        let block = test.make_block();
        let with = |change: fn(&TestChain, &mut NakamotoBlock)| {
            let mut block = block.clone();
            change(&test, &mut block);
            reason_by_push(&test, &block.encode())
        };
        // Three of four weigh 75 %, two weigh 50 %.
        let short = with(|_, block| block.header.stacker_signatures.truncate(2));
        assert_eq!(short, RejectReason::NotEnoughStackers);
        let none = with(|_, block| block.header.stacker_signatures.clear());
        assert_eq!(none, RejectReason::NotEnoughStackers);
        for bad in [
            (|_, block| block.header.stacker_signatures.swap(0, 1)) as fn(&TestChain, &mut NakamotoBlock),
            |_, block| block.header.stacker_signatures[1] = block.header.stacker_signatures[0],
            |_, block| block.header.stacker_signatures[0] = block.header.sign_stacker(&key("stranger", 0)),
            |_, block| block.header.stacker_signatures[0].0 = [0xff; 65],
            |_, block| {
                let extra = block.header.stacker_signatures[3];
                block.header.stacker_signatures.push(extra);
            },
        ] {
            assert_eq!(with(bad), RejectReason::BadStackerSignatures);
        }
        let mut enough = block.clone();
        enough.header.stacker_signatures.remove(1);
        assert_eq!(reason_by_push(&test, &enough.encode()), RejectReason::Unspecified, "three of four are enough");
        assert_eq!(test.tip().block_id, enough.block_id());
    });
}

#[test]
fn a_sibling_is_refused_on_one_bitcoin_fork_and_taken_on_another() {
    on_big_stack(|| {
        let mut test = TestChain::new();
        let first = test.make_block();
        test.chain.admit_transaction(transfer(0, 0, 1, 5).encode()).expect("storage works").expect("a transfer");
        let second = test.make_block();
        let fork_point = test.chain.read(|reader| {
            let tip = reader.burn_tip()?;
            Ok::<_, chainstate::db::StoreError>(tip.parent)
        });
        assert_eq!(reason_by_push(&test, &first.encode()), RejectReason::Unspecified);
        assert_eq!(reason_by_validation(&test, &second.encode()), RejectReason::HasSibling);
        assert_eq!(reason_by_push(&test, &second.encode()), RejectReason::HasSibling);
        let side = test.mine(Some(&fork_point.expect("readable")));
        test.mine(Some(&side));
        let elsewhere = test.grow();
        assert_eq!(test.tip().parent_block_id, StacksBlockId::BOOT);
        assert_eq!(test.tip().block_id, elsewhere);
    });
}

#[test]
fn unknown_parents_and_burn_views_are_named_and_wait() {
    on_big_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        let mut orphan = test.make_block();
        orphan.header.parent_block_id = StacksBlockId([5; 32]);
        resign(&test, &mut orphan);
        assert_eq!(reason_by_validation(&test, &orphan.encode()), RejectReason::UnknownParent);
        assert_eq!(test.push(&orphan), StoreOutcome::Stored(orphan.block_id()), "its parent may still come");
        let mut unseen = test.make_block();
        unseen.header.bitcoin_block_hash = BurnBlockHash([6; 32]);
        resign(&test, &mut unseen);
        assert_eq!(reason_by_validation(&test, &unseen.encode()), RejectReason::UnknownBurnBlock);
        assert_eq!(test.push(&unseen), StoreOutcome::Stored(unseen.block_id()));
        assert_eq!(test.settle(), []);
        test.mine(None);
        test.grow();
    });
}

#[test]
fn a_burn_view_may_not_go_back() {
    on_big_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        let old_view = test.tip().burn_view;
        test.mine(None);
        test.grow();
        let mut block = test.make_block();
        block.header.bitcoin_block_hash = old_view;
        // To the old view the tenure is another one, so the spend is expected as for a new one.
        block.header.burn_spent += 5_000;
        resign(&test, &mut block);
        assert_eq!(reason_by_validation(&test, &block.encode()), RejectReason::BurnViewRegressed);
        assert_eq!(reason_by_push(&test, &block.encode()), RejectReason::BurnViewRegressed);
    });
}
