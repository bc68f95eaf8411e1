//! Proposals of all producers that may follow the tip.
//!
//! # Invariants
//! - One slot cannot keep out the proposals of another, whatever it holds and however often it is written.

use std::sync::Arc;

use stacks_types::ids::StacksBlockId;

use crate::model::SignedBlock;

/// Most proposals that are kept; each has up to 2 MiB. Producers build on the tip and finish each other's blocks first,
/// so there is more than one only when signers refuse.
const PROPOSALS_MAX: usize = 16;

/// Blocks with the slot where each was first seen, in that order.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    kept: Vec<(u32, Arc<SignedBlock>)>,
}

impl Proposals {
    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Keeps a new proposal. When there are too many, the oldest stay, as signers take them in this order; but the slot
    /// with the most gives up its last one for a slot that has fewer.
    ///
    /// A slot may have several: an earlier block that some have signed must be finished, as they sign no other with its
    /// parent.
    pub(crate) fn keep(&mut self, slot_id: u32, block: SignedBlock) {
        if self.kept.iter().any(|(_, known)| known.block_hash == block.block_hash) {
            return;
        }
        if self.kept.len() >= PROPOSALS_MAX {
            let crowded = (0..self.kept.len()).max_by_key(|at| self.kept.get(*at).map(|(slot, _)| self.count(*slot)));
            // Only for a slot with at least two fewer: otherwise two slots would displace each other in turn.
            let has_room = |at: &usize| {
                self.kept.get(*at).is_some_and(|(slot, _)| self.count(*slot) > self.count(slot_id).saturating_add(1))
            };
            let Some(last_of_most) = crowded.filter(has_room) else { return };
            self.kept.remove(last_of_most);
        }
        self.kept.push((slot_id, Arc::new(block)));
    }

    fn count(&self, slot_id: u32) -> usize {
        self.kept.iter().filter(|(slot, _)| *slot == slot_id).count()
    }

    /// Drops proposals that cannot follow the tip any more: a block below the tip's height can follow only a tip that
    /// comes back, and then its producer still has it.
    pub(crate) fn drop_stale(&mut self, tip: StacksBlockId, chain_length: u64) {
        self.kept.retain(|(_, block)| block.parent == tip || block.chain_length > chain_length);
    }

    /// The proposals that build on this block, in order.
    pub(crate) fn children_of(&self, tip: StacksBlockId) -> impl Iterator<Item = &Arc<SignedBlock>> {
        self.kept.iter().map(|(_, block)| block).filter(move |block| block.parent == tip)
    }
}

#[cfg(test)]
mod tests {
    use stacks_types::ids::{BlockHash, BurnBlockHash};

    use super::*;

    const TIP: StacksBlockId = StacksBlockId([1; 32]);

    fn block(number: u8, chain_length: u64) -> SignedBlock {
        SignedBlock {
            block_hash: BlockHash([number; 32]),
            block_id: StacksBlockId([number; 32]),
            parent: TIP,
            burn_view: BurnBlockHash([2; 32]),
            chain_length,
            bytes: Vec::new(),
        }
    }

    fn numbers(proposals: &Proposals) -> Vec<u8> {
        proposals.children_of(TIP).map(|block| block.block_hash.0[0]).collect()
    }

    fn full_of_slot_0() -> Proposals {
        let mut proposals = Proposals::default();
        (0..20).for_each(|number| proposals.keep(0, block(number, u64::MAX)));
        proposals
    }

    #[test]
    fn a_slot_that_is_written_again_and_again_does_not_keep_the_others_out() {
        let mut proposals = full_of_slot_0();
        assert_eq!(numbers(&proposals), (0..16).collect::<Vec<_>>(), "the first ones stay");
        for number in 20..24 {
            proposals.keep(1, block(number, 1));
        }
        proposals.keep(2, block(24, 1));
        // They stay, whatever slot 0 holds now.
        (30..50).for_each(|number| proposals.keep(0, block(number, u64::MAX)));
        assert_eq!(numbers(&proposals), (0..11).chain(20..25).collect::<Vec<_>>());
    }

    #[test]
    fn slots_that_have_as_many_do_not_displace_each_other() {
        let mut proposals = Proposals::default();
        (0..16).for_each(|number| proposals.keep(number.into(), block(number, 1)));
        proposals.keep(99, block(99, 1));
        assert_eq!(numbers(&proposals), (0..16).collect::<Vec<_>>());
        let mut proposals = full_of_slot_0();
        (20..50).for_each(|number| proposals.keep(1, block(number, 1)));
        assert_eq!(numbers(&proposals), (0..8).chain(20..28).collect::<Vec<_>>(), "half of the room for each of two");
    }

    #[test]
    fn proposals_that_the_tip_has_passed_are_dropped() {
        const OTHER_TIP: StacksBlockId = StacksBlockId([9; 32]);
        let mut proposals = Proposals::default();
        for (number, chain_length) in [(1, 4), (2, 5), (3, 6)] {
            proposals.keep(0, SignedBlock { parent: OTHER_TIP, ..block(number, chain_length) });
        }
        proposals.keep(0, block(4, 1));
        proposals.drop_stale(TIP, 5);
        assert_eq!(numbers(&proposals), [4], "what builds on the tip stays");
        let others: Vec<_> = proposals.children_of(OTHER_TIP).map(|block| block.chain_length).collect();
        assert_eq!(others, [6], "its tip may come back, and then it is the next block");
    }

    #[test]
    fn a_block_that_another_slot_holds_too_is_kept_once() {
        let mut proposals = Proposals::default();
        proposals.keep(0, block(1, 1));
        proposals.keep(1, block(1, 1));
        assert_eq!(numbers(&proposals), [1]);
        proposals.clear();
        assert!(numbers(&proposals).is_empty());
    }
}
