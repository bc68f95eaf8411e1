//! Validation, push and append of one block verify its signatures once; all blocks of a tenure verify its VRF proof
//! once.
//!
//! Who must have signed and proved follows from the burn view, whose sets are fixed when its cycle begins, and the
//! block hash covers the burn view. So a good signature stays good; a miss verifies. Bad ones are not remembered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::SortitionHash;
use stacks_types::vrf::{VrfProof, VrfPublicKey};

/// Entries kept: those of the blocks between validation and append on a few forks, and room for others that are tried.
const CAPACITY: usize = 64;

/// Digests of what was verified lately.
#[derive(Default)]
pub(crate) struct SignatureCache {
    /// Newest last.
    good: Mutex<VecDeque<[u8; 32]>>,
}

impl SignatureCache {
    /// Runs `verify` unless the producer's signature and proof of this header were verified before.
    pub(super) fn producer<E>(
        &self,
        header: &NakamotoStacksBlockHeader,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        // Fields 1 to 9: all that the producer wrote.
        self.once(header.block_hash().0, verify)
    }

    /// Runs `verify` unless this proof was verified with this key and message before: all blocks of a tenure have the
    /// same.
    pub(super) fn proof<E>(
        &self,
        proof: &VrfProof,
        key: &VrfPublicKey,
        message: &SortitionHash,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        // A preimage of 144 bytes; every header is longer, so the two kinds never collide.
        self.once(sha512_256(&[&proof.0, &key.0, &message.0]), verify)
    }

    /// Runs `verify` unless these very stackers' signatures of this header were verified before.
    pub(super) fn stackers<E>(
        &self,
        header: &NakamotoStacksBlockHeader,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        self.once(sha512_256(&[&header.encode()]), verify)
    }

    fn once<E>(&self, key: [u8; 32], verify: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        if self.lock().iter().rev().any(|good| *good == key) {
            return Ok(());
        }
        verify()?;
        let mut good = self.lock();
        if good.len() == CAPACITY {
            good.pop_front();
        }
        good.push_back(key);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<[u8; 32]>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use stacks_types::ids::{BurnBlockHash, MerkleRoot, StacksBlockId, StateRoot};
    use stacks_types::keys::MessageSignature;
    use stacks_types::vrf::VrfProof;

    use super::*;

    fn header() -> NakamotoStacksBlockHeader {
        NakamotoStacksBlockHeader {
            version: 0,
            chain_length: 1,
            burn_spent: 2,
            bitcoin_block_hash: BurnBlockHash([3; 32]),
            parent_block_id: StacksBlockId([4; 32]),
            tx_merkle_root: MerkleRoot([5; 32]),
            state_index_root: StateRoot([6; 32]),
            vrf_proof: VrfProof([7; 80]),
            producer_signature: MessageSignature([8; 65]),
            stacker_signatures: vec![MessageSignature([9; 65]), MessageSignature([10; 65])],
        }
    }

    /// Counts how often each of the two parts of a header is verified, asked for twice in turn.
    fn verified(once: &SignatureCache, header: &NakamotoStacksBlockHeader) -> [usize; 2] {
        let mut counts = [0; 2];
        for _ in 0..2 {
            let [producer, stackers] = &mut counts;
            let count = |count: &mut usize| {
                *count += 1;
                Ok::<(), ()>(())
            };
            once.producer(header, || count(producer)).unwrap();
            once.stackers(header, || count(stackers)).unwrap();
        }
        counts
    }

    #[test]
    fn what_was_found_good_is_not_verified_again() {
        assert_eq!(verified(&SignatureCache::default(), &header()), [1, 1]);
    }

    #[test]
    fn a_proof_is_verified_once_for_each_key_and_message() {
        let (once, mut count) = (SignatureCache::default(), 0);
        let places = [(7, 1, 2), (7, 1, 2), (7, 1, 3), (7, 4, 2), (8, 1, 2), (7, 1, 2)];
        for (proof, key, message) in places {
            let found =
                once.proof(&VrfProof([proof; 80]), &VrfPublicKey([key; 32]), &SortitionHash([message; 32]), || {
                    count += 1;
                    if proof == 8 { Err("bad") } else { Ok(()) }
                });
            assert_eq!(found.is_ok(), proof == 7);
        }
        assert_eq!(count, 4);
    }

    #[test]
    fn what_was_found_bad_is_verified_again() {
        let once = SignatureCache::default();
        assert_eq!(once.producer(&header(), || Err("bad")), Err("bad"));
        assert_eq!(once.stackers(&header(), || Err("bad")), Err("bad"));
        assert_eq!(verified(&once, &header()), [1, 1]);
    }

    #[test]
    fn every_change_of_a_header_is_verified() {
        let once = SignatureCache::default();
        verified(&once, &header());
        let changes: [fn(&mut NakamotoStacksBlockHeader); 9] = [
            |header| header.chain_length = 9,
            |header| header.burn_spent = 9,
            |header| header.bitcoin_block_hash.0[0] = 0,
            |header| header.parent_block_id.0[0] = 0,
            |header| header.tx_merkle_root.0[0] = 0,
            |header| header.state_index_root.0[0] = 0,
            |header| header.vrf_proof.0[79] = 0,
            |header| header.producer_signature.0[64] = 0,
            |header| header.version = 1,
        ];
        for change in changes {
            let mut changed = header();
            change(&mut changed);
            assert_eq!(verified(&once, &changed), [1, 1], "{changed:?}");
        }
        let others: [fn(&mut Vec<MessageSignature>); 4] =
            [|list| list.clear(), |list| list.swap(0, 1), |list| list.push(list[0]), |list| list[1].0[64] = 0];
        for change in others {
            let mut changed = header();
            change(&mut changed.stacker_signatures);
            assert_eq!(verified(&once, &changed), [0, 1], "{changed:?}");
        }
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let once = SignatureCache::default();
        for chain_length in 0..1_000 {
            verified(&once, &NakamotoStacksBlockHeader { chain_length, ..header() });
        }
        assert_eq!(once.lock().len(), CAPACITY);
        assert_eq!(verified(&once, &NakamotoStacksBlockHeader { chain_length: 999, ..header() }), [0, 0]);
        assert_eq!(verified(&once, &NakamotoStacksBlockHeader { chain_length: 0, ..header() }), [1, 1]);
    }
}
