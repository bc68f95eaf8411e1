//! Blocks of other producers.

use std::sync::Arc;

use stacks_types::ids::{BlockHash, StacksBlockId};

use super::world::{POLICY, World};
use crate::decide::Input;
use crate::model::{BlockResponse, SignedBlock};

#[test]
fn a_block_of_a_producer_that_died_is_finished_by_the_next_one() {
    let mut world = World::new(POLICY);
    // A block of another producer that all signers have signed and nobody pushed.
    let block_hash = BlockHash([9; 32]);
    let other = Arc::new(SignedBlock {
        block_hash,
        block_id: StacksBlockId([9; 32]),
        parent: world.tip,
        burn_view: world.burn_hash(),
        chain_length: 1,
        bytes: vec![9],
    });
    for slot_id in 0..3_u32 {
        let signer = &mut world.signers[slot_id as usize];
        signer.signed.insert(other.parent, block_hash);
        let answer = BlockResponse::Accept { block_hash, signature: signer.key.sign(block_hash.as_bytes()) };
        let signer = signer.key.public_key().hash160();
        world.input(Input::BlockResponse { slot_id, signer, answer });
    }
    world.others.push(other);
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "its block, and then one of this producer");
}

#[test]
fn a_block_that_some_have_signed_is_put_again_by_the_next_producer_before_its_own() {
    for seen_by in [1, 2, 3] {
        let mut world = World::new(POLICY);
        world.settle();
        let other = world.other_tenure(seen_by);
        world.deliver(usize::MAX);
        let own = world.record.keys().any(|(view, _)| *view == world.burn_hash());
        assert_eq!(own, seen_by == 3, "something of its own once the other's has enough signatures, not before");
        world.settle();
        assert_eq!(world.chain_length, 3, "seen by {seen_by}: the other's block, and one of its own");
        assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
        assert_eq!(world.tip_burn, world.burn);
    }
}

#[test]
fn a_block_whose_signers_are_away_waits_for_them_and_is_put_again() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[1].up = false;
    world.other_tenure(3);
    world.settle();
    world.pass(POLICY.proposal_timeout_ms * 4);
    world.settle();
    assert_eq!(world.chain_length, 1, "nothing can follow the tip but it");
    world.signers[1].up = true;
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn));
}

#[test]
fn a_block_that_signers_refuse_does_not_hold_up_the_next_producer() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers.iter_mut().for_each(|s| s.up = false);
    let other = world.other_tenure(0);
    world.invalid.insert(other);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (2, world.burn, 0));
}

#[test]
fn who_is_not_elected_leaves_the_blocks_of_others_to_the_one_who_is() {
    let mut world = World::new(POLICY);
    world.settle();
    world.other_tenure(1);
    world.elected = false;
    world.settle();
    world.pass(60_000);
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, None));
}

#[test]
fn a_block_refused_for_its_time_is_asked_for_again_as_a_signer_that_was_away_may_still_sign_it() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[0].up = false;
    let other = world.other_tenure(1);
    // Two signers refuse it for its time; the third reads it later, at a place in the journal where it was in time.
    world.deliver(usize::MAX);
    (1..3).for_each(|i| world.signers_read(i));
    world.deliver(usize::MAX);
    world.signers[0].up = true;
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn), "the other's block, then one of its own");
    assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
}

#[test]
fn a_lost_stream_does_not_make_a_block_that_a_signer_is_bound_to_look_free() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[1].up = false;
    let other = world.other_tenure(1);
    world.reopen(false);
    world.signers[1].up = true;
    world.settle();
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn), "the other's block, then one of its own");
    assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
}

#[test]
fn a_block_that_earlier_stackers_leave_unsigned_gives_way_to_one_that_the_new_ones_sign() {
    for own in [false, true] {
        let mut world = World::new(POLICY);
        world.settle();
        // Two of three sign a block, which is not enough, and the third never comes back.
        world.signers[2].up = false;
        if own {
            world.transaction();
        } else {
            world.other_tenure(2);
        }
        world.settle();
        assert_eq!(world.chain_length, 1, "own: {own}");
        world.change_stackers(1, 4);
        for _ in 0..4 {
            world.settle();
            world.pass(POLICY.proposal_timeout_ms);
        }
        world.settle();
        assert!(world.chain_length > 1, "own: {own}: blocks of the new stackers");
        assert_eq!(world.tip_burn, world.burn, "own: {own}");
    }
}

#[test]
fn a_block_that_earlier_stackers_sign_late_is_still_finished_first() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[2].up = false;
    let other = world.other_tenure(3);
    world.change_stackers(0, 3);
    world.settle();
    assert_eq!(world.chain_length, 1, "they have time to sign it");
    world.signers[2].up = true;
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (3, world.burn, 0));
    assert!(world.signers[..3].iter().all(|s| s.signed.values().any(|hash| *hash == other)));
}
