//! Collects the stackers' answers to one proposal, until enough weight has signed or too much has refused.
//!
//! # Invariants
//! - A signature counts only when it is by a member of the set; once for each member.
//! - [`Votes::signatures`] is in stacker-set order, as in the block's header (docs/CONSENSUS.md#blocks).
//!
//! # Not here
//! Who made a signature: `convert` recovers the key, once.

use std::collections::{BTreeMap, BTreeSet};

use stacks_types::ids::Hash160;
use stacks_types::keys::MessageSignature;

use crate::model::{Stacker, StackerSet};

/// Tenths of the total weight that must sign: 70 %.
const THRESHOLD_TENTHS: u64 = 7;

/// The answers to one proposal.
#[derive(Debug, Clone)]
pub(crate) struct Votes {
    stackers: StackerSet,
    signatures: BTreeMap<usize, MessageSignature>,
    refused: BTreeSet<usize>,
}

/// Weight that must sign: 70 % of the set's total, rounded up (docs/CONSENSUS.md#rules-of-a-block).
#[must_use]
pub(crate) fn needed_weight(stackers: &[Stacker]) -> u64 {
    let total: u64 = stackers.iter().map(|s| u64::from(s.weight)).sum();
    total.saturating_mul(THRESHOLD_TENTHS).div_ceil(10)
}

impl Votes {
    /// Starts without answers. `stackers` is the set at the block's burn view.
    #[must_use]
    pub(crate) const fn new(stackers: StackerSet) -> Self {
        Self { stackers, signatures: BTreeMap::new(), refused: BTreeSet::new() }
    }

    /// Counts `signer`'s signature over the block's hash. False when the signer is not a member of the set.
    pub(crate) fn accept(&mut self, signer: &Hash160, signature: &MessageSignature) -> bool {
        let Some(index) = self.stackers.iter().position(|s| s.address.hash160() == *signer) else { return false };
        self.signatures.insert(index, *signature);
        self.refused.remove(&index);
        true
    }

    /// Counts a refusal by a signer. A signature that the signer gave before stays valid.
    pub(crate) fn reject(&mut self, signer: &Hash160) {
        if let Some(index) = self.stackers.iter().position(|s| s.address.hash160() == *signer)
            && !self.signatures.contains_key(&index)
        {
            self.refused.insert(index);
        }
    }

    /// Forgets refusals, before the same proposal is made again.
    pub(crate) fn ask_again(&mut self) {
        self.refused.clear();
    }

    /// Whether the block may be pushed.
    #[must_use]
    pub(crate) fn is_enough(&self) -> bool {
        self.weight(self.signatures.keys()) >= needed_weight(&self.stackers)
    }

    /// Whether so much weight has refused that the rest cannot be enough.
    #[must_use]
    pub(crate) fn is_hopeless(&self) -> bool {
        let total: u64 = self.stackers.iter().map(|s| u64::from(s.weight)).sum();
        total.saturating_sub(self.weight(self.refused.iter())) < needed_weight(&self.stackers)
    }

    /// Weight that has signed.
    #[must_use]
    pub(crate) fn signed_weight(&self) -> u64 {
        self.weight(self.signatures.keys())
    }

    /// The signatures in stacker-set order.
    #[must_use]
    pub(crate) fn signatures(&self) -> Vec<MessageSignature> {
        self.signatures.values().copied().collect()
    }

    fn weight<'a>(&self, members: impl Iterator<Item = &'a usize>) -> u64 {
        members.filter_map(|i| self.stackers.get(*i)).map(|s| u64::from(s.weight)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stacks_types::address::StacksAddress;
    use stacks_types::keys::PrivateKey;

    fn set(weights: &[u32]) -> (Vec<PrivateKey>, StackerSet) {
        let keys: Vec<_> = (0..weights.len()).map(|i| PrivateKey::from_seed(&[u8::try_from(i).unwrap(), 7])).collect();
        let stackers = keys
            .iter()
            .zip(weights)
            .map(|(key, weight)| Stacker { address: StacksAddress::p2pkh(&key.public_key(), false), weight: *weight });
        let stackers: StackerSet = stackers.collect();
        (keys, stackers)
    }

    #[test]
    fn seventy_percent_is_rounded_up() {
        for (weights, needed) in [(&[1_u32, 1, 1][..], 3), (&[1], 1), (&[5, 5], 7), (&[10, 1], 8), (&[], 0)] {
            assert_eq!(needed_weight(&set(weights).1), needed, "{weights:?}");
        }
        let (_, largest) = set(&[u32::MAX, u32::MAX]);
        assert_eq!(needed_weight(&largest), 6_012_954_213);
    }

    #[test]
    fn signatures_come_out_in_set_order_however_they_came_in() {
        let (keys, stackers) = set(&[1, 1, 8]);
        let mut votes = Votes::new(stackers);
        let signed: Vec<_> = keys.iter().map(|k| k.sign(&[3; 32])).collect();
        let accept = |votes: &mut Votes, i: usize| votes.accept(&keys[i].public_key().hash160(), &signed[i]);
        assert!(accept(&mut votes, 2) && votes.is_enough());
        assert!(accept(&mut votes, 0) && accept(&mut votes, 0));
        assert_eq!(votes.signatures(), vec![signed[0], signed[2]]);
        assert_eq!(votes.signed_weight(), 9);
    }

    #[test]
    fn strangers_do_not_count() {
        let (_, stackers) = set(&[1, 1]);
        let mut votes = Votes::new(stackers);
        let stranger = PrivateKey::from_seed(b"stranger");
        assert!(!votes.accept(&stranger.public_key().hash160(), &stranger.sign(&[3; 32])));
        assert!(votes.signatures().is_empty() && !votes.is_enough());
    }

    #[test]
    fn refusals_make_it_hopeless_until_asked_again_and_never_undo_a_signature() {
        let (keys, stackers) = set(&[1, 1, 1, 1]);
        let mut votes = Votes::new(stackers);
        let signer = |i: usize| keys[i].public_key().hash160();
        let accept = |votes: &mut Votes, i: usize| votes.accept(&signer(i), &keys[i].sign(&[3; 32]));
        let reject = |votes: &mut Votes, i: usize| votes.reject(&signer(i));
        accept(&mut votes, 0);
        reject(&mut votes, 0);
        votes.reject(&Hash160([9; 20]));
        reject(&mut votes, 1);
        assert!(!votes.is_hopeless(), "three of four can still sign");
        reject(&mut votes, 2);
        assert!(votes.is_hopeless());
        assert!(accept(&mut votes, 2));
        assert!(!votes.is_hopeless(), "a signature takes a refusal back");
        reject(&mut votes, 3);
        votes.ask_again();
        assert!(!votes.is_hopeless());
        assert_eq!(votes.signed_weight(), 2);
    }
}
