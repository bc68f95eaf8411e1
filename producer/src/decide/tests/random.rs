//! Faults in random order: signatures stay safe, and the chain grows once the faults end.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{POLICY, World};
use crate::model::Millis;

#[derive(Debug, Clone)]
enum Op {
    BurnBlock,
    OtherTenure(usize),
    Transaction,
    Deliver(usize),
    SignersRead(usize),
    SignerUp(usize, bool),
    Pass(Millis),
    FailNextCall,
    LoseStream,
    Crash,
    Minable(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::BurnBlock),
        1 => (0..4_usize).prop_map(Op::OtherTenure),
        2 => Just(Op::Transaction),
        8 => (1..4_usize).prop_map(Op::Deliver),
        6 => (0..3_usize).prop_map(Op::SignersRead),
        1 => (0..3_usize, any::<bool>()).prop_map(|(i, up)| Op::SignerUp(i, up)),
        4 => (1..12_000_u64).prop_map(Op::Pass),
        1 => Just(Op::FailNextCall),
        1 => Just(Op::LoseStream),
        1 => Just(Op::Crash),
        1 => any::<bool>().prop_map(Op::Minable),
    ]
}

fn live_after(ops: Vec<Op>) {
    let mut world = World::new(POLICY);
    for op in ops {
        match op {
            Op::BurnBlock => world.burn_block(),
            Op::OtherTenure(seen_by) => drop(world.other_tenure(seen_by)),
            Op::Transaction => world.transaction(),
            Op::Deliver(count) => world.deliver(count),
            Op::SignersRead(i) => world.signers_read(i),
            Op::SignerUp(i, up) => world.signers[i].up = up,
            Op::Pass(millis) => world.pass(millis),
            Op::FailNextCall => world.fail_next_call = true,
            Op::LoseStream => world.reopen(false),
            Op::Crash => world.reopen(true),
            Op::Minable(minable) => world.minable = minable,
        }
    }
    world.fail_next_call = false;
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.burn_block();
    let (before, burn) = (world.chain_length, world.burn);
    for _ in 0..40 {
        world.settle();
        world.pass(40_000);
    }
    assert!(world.chain_length > before);
    assert_eq!(world.tip_burn, burn, "the newest tenure has begun");
    let heights: BTreeSet<_> = world.record.keys().collect();
    assert_eq!(heights.len(), world.record.len());
}

proptest! {
    #[test]
    fn faults_in_any_order_never_sign_twice_and_the_chain_grows_once_they_end(ops in prop::collection::vec(op(), 1..80)) {
        live_after(ops);
    }
}
