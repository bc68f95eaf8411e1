//! What the tracker counts, against the chain's own `costs-3`.

use ::clarity::vm::clarity::ClarityConnection as _;
use ::clarity::vm::costs::cost_functions::ClarityCostFunction;
use ::clarity::vm::costs::{CostTracker as _, ExecutionCost, LimitedCostTracker};
use stacks_types::ids::StacksBlockId;

use super::support::{TestChain, on_a_large_stack};
use crate::clarity::meter::new_tracker;

const EVERYTHING: ExecutionCost = ExecutionCost {
    write_length: u64::MAX,
    write_count: u64::MAX,
    read_length: u64::MAX,
    read_count: u64::MAX,
    runtime: u64::MAX,
};

#[test]
fn every_cost_function_counts_and_fails_as_the_chains_contract_says() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (mainnet, chain_id, epoch) = (chain.params.mainnet, chain.params.chain_id, chain.params.epoch);
        let mut of_the_state = chain
            .reader(StacksBlockId::BOOT, 0)
            .in_scope(LimitedCostTracker::new_free(), |scope| {
                Ok(scope.with_clarity_db_readonly(|db| {
                    LimitedCostTracker::new_mid_block(mainnet, chain_id, EVERYTHING, db, epoch)
                }))
            })
            .unwrap()
            .unwrap();
        let mut lean = new_tracker(mainnet, chain_id, EVERYTHING).unwrap();

        let mut failures = 0;
        let near_powers = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let inputs: Vec<u64> = near_powers.chain([u64::MAX - 1, u64::MAX]).collect();
        for function in ClarityCostFunction::ALL {
            for input in &inputs {
                let expected = of_the_state.compute_cost(*function, &[*input]);
                failures += usize::from(expected.is_err() && *function != ClarityCostFunction::Unimplemented);
                assert_eq!(lean.compute_cost(*function, &[*input]), expected, "{function} of {input}");
            }
        }
        // log2 of zero, in seven functions.
        assert_eq!(failures, 7);
    });
}
