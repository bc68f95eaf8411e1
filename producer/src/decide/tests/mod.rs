//! The machine in a small world: its own blocks here, other producers' blocks and faults in separate files.

mod others;
mod random;
mod world;

use stacks_types::ids::BlockHash;

use super::{HALVINGS_MAX, Input, Machine, Policy, RETRY_MOST_MS, failure_delay};
use crate::model::{Mining, MiningMode};
use world::{POLICY, World};

#[test]
fn a_new_tenure_is_built_at_once_and_transactions_too() {
    let mut world = World::new(POLICY);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (1, 1, 0));
    world.transaction();
    world.settle();
    assert_eq!((world.chain_length, world.now), (2, 0));
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (3, 2, 0));
}

#[test]
fn without_work_an_empty_block_follows_after_the_interval_and_never_when_it_is_zero() {
    let mut world = World::new(POLICY);
    world.settle();
    world.pass(999);
    world.settle();
    assert_eq!(world.chain_length, 1);
    world.pass(1);
    world.settle();
    assert_eq!((world.chain_length, world.now), (2, 1_000));
    let mut world = World::new(Policy { block_interval_ms: 0, ..POLICY });
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, None));
}

#[test]
fn the_interval_counts_from_the_beginning_of_a_block_and_from_the_arrival_of_anothers() {
    let mut world = World::new(POLICY);
    world.settle();
    world.pass(1_000);
    world.deliver(1); // The template event: the block is proposed, and its signers take their time.
    world.now += 300;
    world.settle();
    assert_eq!((world.chain_length, world.now, world.machine.deadline()), (2, 1_300, Some(2_000)));
    world.pass(1_000);
    world.deliver(1);
    world.now += 2_500;
    world.settle();
    assert_eq!(
        (world.chain_length, world.machine.deadline()),
        (4, Some(5_500)),
        "the next one was due, and is the last"
    );

    let mut world = World::new(POLICY);
    world.settle();
    world.now += 400;
    world.tip_of_another(9);
    world.settle();
    // No block was begun on this tip yet, only on its parent.
    world.now += 100;
    world.tip_of_another(8);
    world.settle();
    assert_eq!(world.machine.deadline(), Some(1_500));
}

#[test]
fn each_mining_mode_builds_for_its_own_reasons() {
    // Blocks made after a transaction, a burn block, an interval without events, and a request for a block.
    let check = |mode, interval_ms, expected: [u64; 4]| {
        let mut world = World::new(POLICY);
        world.settle();
        world.set_mining(Mining { mode, interval_ms, wanted: false });
        world.settle();
        let mut built = [0; 4];
        let mut before = world.chain_length;
        for (reason, built) in built.iter_mut().enumerate() {
            match reason {
                0 => world.transaction(),
                1 => world.burn_block(),
                2 => world.pass(interval_ms.unwrap_or(POLICY.block_interval_ms)),
                _ => world.set_mining(Mining { wanted: true, ..world.mining }),
            }
            // As the node does: each block made reduces the requested number by one.
            while world.mining.wanted && world.chain_length == before && !world.events.is_empty() {
                world.deliver(1);
                (0..3).for_each(|i| world.signers_read(i));
            }
            world.mining.wanted = false;
            world.settle();
            *built = world.chain_length - before;
            before = world.chain_length;
        }
        assert_eq!(built, expected, "{mode:?} {interval_ms:?}");
    };
    check(MiningMode::Mixed, None, [1, 1, 1, 1]);
    check(MiningMode::Auto, None, [1, 1, 0, 1]);
    check(MiningMode::Interval, Some(70), [0, 0, 1, 1]);
    check(MiningMode::Manual, None, [0, 0, 0, 1]);
}

#[test]
fn transactions_that_cannot_be_mined_do_not_make_blocks_before_the_interval() {
    let mut world = World::new(POLICY);
    world.settle();
    world.minable = false;
    world.transaction();
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, Some(1_000)));
    let templates = world.templates.len();
    world.settle();
    assert_eq!(world.templates.len(), templates, "no template is asked for without news");
    world.minable = true;
    world.transaction();
    world.settle();
    assert_eq!(world.chain_length, 2);
}

#[test]
fn a_template_whose_time_ended_first_is_asked_for_again_with_more_time() {
    let mut world = World::new(POLICY);
    world.settle();
    world.events.clear();
    world.burn_block();
    world.deliver(1);
    world.settle();
    let before = world.chain_length;
    world.ended_early = true;
    world.transaction();
    world.settle();
    assert_eq!(world.chain_length, before);
    // No other event is needed.
    world.ended_early = false;
    world.pass(1_000);
    world.settle();
    assert_eq!(world.chain_length, before + 1);
}

#[test]
fn burn_blocks_that_outrun_a_template_make_the_next_one_shorter_until_one_is_in_time() {
    let mut world = World::new(POLICY);
    for outrun in 0..12 {
        assert_eq!(world.assembly_time_halvings, outrun.min(HALVINGS_MAX));
        // The burn block comes before the template is finished.
        world.events.clear();
        world.burn_block();
        world.deliver(1);
    }
    for in_time in 1..=HALVINGS_MAX + 1 {
        world.settle();
        world.transaction();
        world.deliver(1);
        assert_eq!(world.assembly_time_halvings, HALVINGS_MAX.saturating_sub(in_time));
    }
}

#[test]
fn a_template_that_is_late_is_asked_for_and_waited_for() {
    let mut world = World::new(POLICY);
    world.still_made = true;
    world.events.clear();
    for minute in 1..=3 {
        assert_eq!(world.machine.deadline(), Some(minute * 60_000));
        world.now = minute * 60_000;
        world.input(Input::Tick);
        assert_eq!((world.counter, world.chain_length), (1, 0), "the same template, and no other");
    }
    // Its event was lost: the fetch at the deadline finds it.
    world.still_made = false;
    world.now = 240_000;
    world.input(Input::Tick);
    assert_eq!((world.counter, world.record.len()), (1, 1), "it is signed");
    world.settle();
    assert!(world.chain_length > 0);
}

#[test]
fn a_burst_of_transactions_has_one_template_in_flight() {
    let mut world = World::new(POLICY);
    world.settle();
    let before = world.counter;
    (0..100).for_each(|_| world.transaction());
    world.deliver(100);
    assert_eq!(world.counter, before + 1);
    world.settle();
    assert_eq!((world.chain_length, world.mempool), (2, 0));
}

#[test]
fn a_proposal_is_finished_whether_signers_saw_it_before_the_burn_block_or_not() {
    let mut world = World::new(POLICY);
    world.deliver(1); // The template event: the block is proposed.
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "the old tenure's block, then the new tenure's");

    let mut world = World::new(POLICY);
    world.signers.iter_mut().for_each(|s| s.up = false);
    world.deliver(1);
    // The node lost the chunk, and the burn block came before it was written again.
    world.signers.iter_mut().for_each(|s| s.unread.clear());
    world.burn_block();
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "its producer is elected again and may finish it");

    let mut world = World::new(POLICY);
    world.signers.iter_mut().for_each(|s| s.up = false);
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.unread.clear());
    world.elected = false;
    world.burn_block();
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!(world.chain_length, 0, "refused as stale: it is for the next producer to bring");
}

#[test]
fn a_restart_proposes_the_same_block_and_uses_signatures_that_are_there() {
    let mut world = World::new(POLICY);
    world.deliver(1);
    let signed = world.record.len();
    world.reopen(true);
    world.settle();
    assert_eq!((world.chain_length, world.record.len()), (1, signed));

    let mut world = World::new(POLICY);
    world.deliver(1);
    (0..3).for_each(|i| world.signers_read(i));
    let answers: Vec<_> = world.events.drain(..).collect();
    world.machine = Machine::new(POLICY);
    answers.into_iter().for_each(|answer| world.input(answer));
    world.input(Input::Started);
    assert_eq!((world.chain_length, world.pushes), (1, 1), "pushed without a proposal");
}

#[test]
fn a_refused_block_is_not_replaced_in_its_tenure_and_the_next_burn_block_frees_the_way() {
    let mut world = World::new(POLICY);
    let other = BlockHash([9; 32]);
    let tip = world.tip;
    // Signers have signed another block with this parent: they refuse whatever this producer proposes on it.
    for signer in &mut world.signers {
        signer.signed.insert(tip, other);
    }
    for _ in 0..5 {
        world.settle();
        world.pass(10_000);
    }
    world.settle();
    assert_eq!((world.chain_length, world.record.len()), (0, 1));
    world.signers.iter_mut().for_each(|s| s.signed.clear());
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (1, 2));
}

#[test]
fn a_refused_block_is_proposed_again_after_ever_longer_pauses_until_the_burn_tip_moves() {
    let mut world = World::new(POLICY);
    let pauses = |world: &mut World, count| {
        let mut pauses = Vec::new();
        for _ in 0..count {
            world.settle();
            pauses.push(world.machine.deadline().expect("it is proposed again") - world.now);
            world.pass(60_000);
        }
        pauses
    };
    // Signers have signed another block with this parent.
    for signer in &mut world.signers {
        signer.signed.insert(world.tip, BlockHash([9; 32]));
    }
    assert_eq!(pauses(&mut world, 6), [5_000, 10_000, 20_000, 40_000, 40_000, 40_000]);
    world.burn_block();
    assert_eq!(pauses(&mut world, 2), [5_000, 10_000]);
}

#[test]
fn news_neither_lengthen_nor_shorten_the_pause_of_a_refused_block() {
    let mut world = World::new(POLICY);
    for signer in &mut world.signers {
        signer.signed.insert(world.tip, BlockHash([9; 32]));
    }
    world.settle();
    let due = world.machine.deadline().unwrap();
    assert_eq!(due - world.now, 5_000);
    for _ in 0..4 {
        world.pass(1_000);
        world.set_mining(world.mining);
        world.settle();
        assert_eq!(world.machine.deadline(), Some(due));
    }
    // The look fails: the next comes soon, and finds the block still given up.
    world.input(Input::CallFailed(None));
    assert!(world.machine.deadline().unwrap() < due);
    let signed = world.record.len();
    world.pass(60_000);
    world.settle();
    assert_eq!((world.machine.deadline(), world.record.len()), (Some(due), signed));
}

#[test]
fn who_is_not_elected_waits_but_finishes_what_it_signed() {
    let mut world = World::new(POLICY);
    world.deliver(1);
    world.elected = false;
    world.burn_block();
    world.reopen(true);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (1, 1));
    let signed = world.record.len();
    world.transaction();
    world.pass(60_000);
    world.settle();
    assert_eq!((world.record.len(), world.machine.deadline()), (signed, None));
}

#[test]
fn pauses_grow_although_the_node_gives_the_same_advice_and_never_beyond_the_bound() {
    let pauses = |advice| (0..8).map(|failures| failure_delay(failures, advice)).collect::<Vec<_>>();
    assert_eq!(pauses(Some(100)), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert_eq!(pauses(None), pauses(Some(1)));
    assert_eq!(pauses(Some(1_000))[..5], [1_000, 1_000, 1_000, 1_000, 1_600]);
    assert_eq!(failure_delay(u32::MAX, Some(u64::MAX)), RETRY_MOST_MS);
}
