//! Rule 5: producer, VRF proof, stackers.

use nakamoto_proto::v1::RejectReason;
use stacks_types::block::{NakamotoStacksBlock, WELL_KNOWN_SIGNATURE};
use stacks_types::keys::MessageSignature;
use stacks_types::vrf::VrfProof;

use super::scene::Scene;
use super::{Case, OnPush, because, case, check};
use chainstate::test_support::{key, on_a_large_stack, transfer, vrf_key};

/// A valid block with changed stacker signatures. These are not part of its id, so `number` goes into a transaction.
fn stacked(scene: &Scene, number: u64, change: impl FnOnce(&mut NakamotoStacksBlock)) -> NakamotoStacksBlock {
    let mut block = scene.new_tenure(vec![transfer(0, 1, 1, number)]);
    change(&mut block);
    block
}

const PRODUCER: &[Case] = &[
    because(RejectReason::BadProducer, "elected is", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.sign_producer(&key("stranger", 0));
        scene.test.sign(&mut block);
        block
    }),
    case(RejectReason::BadProducer, "a producer that is not elected", |scene| {
        let mut block = scene.new_tenure(vec![]);
        let elected = scene.test.elected_at(&scene.b3);
        block.header.sign_producer(&key("producer", 1 - elected));
        scene.test.sign(&mut block);
        block
    }),
    case(RejectReason::BadProducer, "the elected one's signature over another block", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.producer_signature = scene.same_tenure(vec![]).header.producer_signature;
        scene.test.sign(&mut block);
        block
    }),
    case(RejectReason::BadProducer, "a signature that is none", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.producer_signature = MessageSignature([0xff; 65]);
        scene.test.sign(&mut block);
        block
    }),
    case(RejectReason::BadProducer, "the well-known constant", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.producer_signature = WELL_KNOWN_SIGNATURE;
        scene.test.sign(&mut block);
        block
    }),
    case(RejectReason::BadVrfProof, "a proof by another key over the right message", |scene| {
        let mut block = scene.new_tenure(vec![]);
        let view = scene.test.burn_tip();
        block.header.vrf_proof = vrf_key(1 - scene.test.elected_at(&view.hash)).prove(view.sortition_hash.as_bytes());
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadVrfProof, "a proof by the right key over another message", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.vrf_proof = vrf_key(scene.test.elected_at(&scene.b3)).prove(b"something else");
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadVrfProof, "no proof", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.vrf_proof = VrfProof([0; 80]);
        scene.test.resign(&mut block);
        block
    }),
];

/// The set at b3 is the stackers 2 to 5 with weights 40, 29, 21, 10; 70 must sign.
const STACKERS: &[Case] = &[
    because(RejectReason::NotEnoughStackers, "weight 69", |scene| {
        stacked(scene, 1, |block| scene.test.sign_as(block, &[2, 3]))
    }),
    case(RejectReason::NotEnoughStackers, "nobody", |scene| stacked(scene, 2, |block| scene.test.sign_as(block, &[]))),
    because(RejectReason::BadStackerSignatures, "the second by its signer", |scene| {
        stacked(scene, 3, |block| scene.test.sign_as(block, &[2, 2, 3]))
    }),
    because(RejectReason::BadStackerSignatures, "out of order", |scene| {
        stacked(scene, 4, |block| scene.test.sign_as(block, &[3, 2, 4]))
    }),
    case(RejectReason::BadStackerSignatures, "a second one, later", |scene| {
        stacked(scene, 5, |block| scene.test.sign_as(block, &[2, 3, 2]))
    }),
    because(RejectReason::BadStackerSignatures, "not in the set", |scene| {
        stacked(scene, 6, |block| {
            let stranger = block.header.sign_stacker(&key("stranger", 0));
            block.header.stacker_signatures[0] = stranger;
        })
    }),
    case(RejectReason::BadStackerSignatures, "the last cycle's set", |scene| {
        stacked(scene, 7, |block| scene.test.sign_as(block, &[0, 1]))
    }),
    because(RejectReason::BadStackerSignatures, "malformed", |scene| {
        stacked(scene, 8, |block| block.header.stacker_signatures[3] = MessageSignature([0xff; 65]))
    }),
    because(RejectReason::BadStackerSignatures, "5 signatures of 4 stackers", |scene| {
        stacked(scene, 9, |block| scene.test.sign_as(block, &[2, 3, 4, 5, 5]))
    }),
    case(RejectReason::BadStackerSignatures, "signatures over what the producer signs", |scene| {
        stacked(scene, 10, |block| {
            let digest = block.header.producer_sighash();
            block.header.stacker_signatures = [2, 3, 4].map(|index| key("stacker", index).sign(&digest)).to_vec();
        })
    }),
    case(RejectReason::BadStackerSignatures, "the well-known constant", |scene| {
        stacked(scene, 11, |block| block.header.stacker_signatures = vec![WELL_KNOWN_SIGNATURE])
    }),
];

#[test]
fn a_block_that_its_producer_did_not_make_is_refused_on_every_path() {
    check(OnPush::Rejected, PRODUCER);
}

#[test]
fn a_block_that_its_stackers_did_not_sign_is_refused_on_every_path() {
    check(OnPush::Rejected, STACKERS);
}

#[test]
fn seventy_of_a_hundred_are_enough_and_more_do_no_harm() {
    on_a_large_stack(|| {
        for signers in [&[2, 4, 5][..], &[2, 3, 4], &[2, 3, 4, 5]] {
            let scene = Scene::new();
            let mut block = scene.new_tenure(vec![]);
            scene.test.sign_as(&mut block, signers);
            scene.test.push(&block);
            scene.test.settle();
            assert_eq!(scene.test.tip().block_id, block.block_id(), "{signers:?}");
        }
    });
}
