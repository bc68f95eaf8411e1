//! The well-known signing mode: both signature fields hold the constant, and nothing else is accepted
//! (docs/CONSENSUS.md#blocks).

use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1::RejectReason;
use stacks_types::block::{NakamotoStacksBlock, SigningMode, WELL_KNOWN_SIGNATURE};
use stacks_types::ids::StacksBlockId;

use crate::support::TestChain;
use chainstate::test_support::{key, on_a_large_stack, params, vrf_key};

#[test]
fn in_the_well_known_mode_only_the_constant_is_a_signature() {
    type Change = fn(&mut NakamotoStacksBlock);
    let spoilt: [(RejectReason, Change); 6] = [
        (RejectReason::BadProducer, |block| block.header.sign_producer(&key("producer", 0))),
        (RejectReason::BadProducer, |block| block.header.producer_signature.0[64] ^= 1),
        (RejectReason::BadVrfProof, |block| block.header.vrf_proof = vrf_key(1).prove(b"something else")),
        (RejectReason::BadStackerSignatures, |block| block.header.stacker_signatures.clear()),
        (RejectReason::BadStackerSignatures, |block| block.header.stacker_signatures.push(WELL_KNOWN_SIGNATURE)),
        (RejectReason::BadStackerSignatures, |block| {
            block.header.stacker_signatures = vec![block.header.sign_stacker(&key("stacker", 0))];
        }),
    ];
    on_a_large_stack(move || {
        let mut params = params(1, 1);
        params.signing = SigningMode::WellKnown;
        let mut test = TestChain::at_genesis(params);
        let view = test.mine(None);
        let good = test.forge(&StacksBlockId::BOOT, &view, vec![]);
        for (reason, spoil) in spoilt {
            let mut block = good.clone();
            spoil(&mut block);
            let before = test.snapshot();
            match test.push(&block) {
                StoreOutcome::Rejected(_, rejection) => assert_eq!(rejection.reason(), reason, "{rejection}"),
                other => panic!("{other:?}"),
            }
            let verdict = test.chain.validate(&block.encode(), |_| ()).expect("storage works");
            let is_about_stackers = reason == RejectReason::BadStackerSignatures;
            assert_eq!(verdict.valid, is_about_stackers, "a proposal has no stackers' signatures");
            test.snapshot().assert_same(&before, reason.as_str_name());
        }
        test.push(&good);
        test.settle();
        assert_eq!(test.tip().block_id, good.block_id());
    });
}
