//! The chain on which every rule is broken, at two places; and chains that know less of it.
//!
//! ```text
//! burn    b0 ─ b1 ─ b2 ─ b3          b1, b2, b3: two producers take turns; from b2 on another stacker set signs
//!           └─ side                  never canonical
//! blocks  boot ─ p1(b1) ─ p2(b2)     forged blocks stand on p1 or p2
//! ```
//!
//! p2 deploys a contract, so most of its tenure's cost limit is used.

use chainstate::chain::Processed;
use chainstate::params::{ChainParams, Stacker};
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::transaction::StacksTransaction;

use crate::support::TestChain;
use chainstate::test_support::{address, deploy, params, transfer};

/// Weights of the stackers 2 to 5, who sign from b2 on: the sum is 100, so 70 must sign.
const WEIGHTS: [u32; 4] = [40, 29, 21, 10];

/// Writes that a tenure may make: one contract of [`WIDE_VARIABLES`] fits, two do not.
const WRITE_COUNT: u64 = 40;
const WIDE_VARIABLES: usize = 12;

pub(super) struct Scene {
    pub(super) test: TestChain,
    pub(super) b1: BurnBlockHash,
    pub(super) b2: BurnBlockHash,
    pub(super) b3: BurnBlockHash,
    pub(super) side: BurnBlockHash,
    pub(super) p1: NakamotoStacksBlock,
    pub(super) p2: NakamotoStacksBlock,
}

fn scene_params() -> ChainParams {
    let mut params = params(2, 2);
    params.burn.reward_cycle_length = 2;
    params.tenure_cost_limit.write_count = WRITE_COUNT;
    params
}

/// A chain with the scene's rules and no blocks.
fn stage() -> TestChain {
    let test = TestChain::at_genesis(scene_params());
    let stackers: Vec<_> =
        (2..).zip(WEIGHTS).map(|(index, weight)| Stacker { address: address("stacker", index), weight }).collect();
    test.chain.set_stackers(Some(1), &stackers).expect("a cycle to come");
    test
}

/// Mines b1, side, b2 and b3, in this order: the first seen is canonical.
pub(super) fn mine_all(test: &mut TestChain) -> [BurnBlockHash; 4] {
    let b0 = test.burn_tip().hash;
    let b1 = test.mine_in_silence(None);
    let side = test.mine_in_silence(Some(&b0));
    let hashes = [b1, side, test.mine_in_silence(None), test.mine_in_silence(None)];
    test.settle();
    hashes
}

/// A contract that takes most of a tenure's cost limit.
pub(super) fn wide(name: &str) -> String {
    (0..WIDE_VARIABLES).map(|number| format!("(define-data-var {name}{number} uint u0)")).collect()
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut test = stage();
        let [b1, side, b2, b3] = mine_all(&mut test);
        let append = |parent: &StacksBlockId, view, txs| {
            let block = test.forge(parent, view, txs);
            test.push(&block);
            assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
            block
        };
        let p1 = append(&StacksBlockId::BOOT, &b1, vec![transfer(0, 0, 1, 10)]);
        let p2 = append(&p1.block_id(), &b2, vec![deploy(2, 0, "first", &wide("a"))]);
        // Something in the mempool, so that a change would show.
        test.admit(&transfer(3, 0, 1, 77));
        Self { test, b1, b2, b3, side, p1, p2 }
    }

    /// A valid block that starts the tenure of b3.
    pub(super) fn new_tenure(&self, txs: Vec<StacksTransaction>) -> NakamotoStacksBlock {
        self.test.forge(&self.p2.block_id(), &self.b3, txs)
    }

    /// A valid block that continues the tenure of b2.
    pub(super) fn same_tenure(&self, txs: Vec<StacksTransaction>) -> NakamotoStacksBlock {
        self.test.forge(&self.p2.block_id(), &self.b2, txs)
    }

    /// A chain with all of the scene except p1, for which p2 waits.
    pub(super) fn without_parent(&self) -> TestChain {
        let mut test = stage();
        mine_all(&mut test);
        test.push(&self.p2);
        test
    }

    /// A chain without the scene's burn blocks, for which p1 and p2 wait.
    pub(super) fn without_burn_views(&self) -> TestChain {
        let test = stage();
        test.push(&self.p1);
        test.push(&self.p2);
        test
    }
}
