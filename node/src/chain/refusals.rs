//! Remembers refused transactions with the reason: the same bytes are refused again without a check.
//!
//! # Invariants
//! - A refusal is given only at the tip at which it was found, and for at most [`REFUSAL_AGE`].
//! - Count and bytes of the refusals stay within their limits: the oldest goes first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chainstate::chain::AdmissionRefusal;

/// Refused transactions that are remembered.
const MAX_REFUSALS: usize = 4096;
/// Bytes that the refusals may take.
const MAX_REFUSAL_BYTES: usize = 4 << 20;
/// How long a refusal is remembered.
const REFUSAL_AGE: Duration = Duration::from_secs(60);

/// The refusals that are remembered.
#[derive(Default)]
pub(super) struct Refusals {
    /// Its keys are random, so that nobody can find other bytes with the same hash.
    hasher: RandomState,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<Key, Entry>,
    /// Oldest first, each with the number of its entry: a later entry with the same key has another number.
    order: VecDeque<(Key, u64)>,
    bytes: usize,
    next_number: u64,
}

/// Hash and length of a transaction's bytes.
type Key = (u64, usize);

struct Entry {
    number: u64,
    since: Instant,
    tip: Bytes,
    refusal: AdmissionRefusal,
    bytes: usize,
}

impl Refusals {
    /// Why these bytes were refused at this tip.
    pub(super) fn find(&self, raw: &[u8], tip: &[u8]) -> Option<AdmissionRefusal> {
        let kept = self.lock();
        let entry = kept.entries.get(&self.key(raw))?;
        (entry.tip == tip && entry.since.elapsed() < REFUSAL_AGE).then(|| entry.refusal.clone())
    }

    /// Remembers a refusal at this tip.
    pub(super) fn remember(&self, raw: &[u8], tip: &[u8], refusal: &AdmissionRefusal) {
        let (key, bytes) = (self.key(raw), size(refusal));
        if bytes > MAX_REFUSAL_BYTES {
            return;
        }
        let mut kept = self.lock();
        kept.remove(&key);
        let number = kept.next_number;
        kept.next_number += 1;
        kept.bytes += bytes;
        kept.order.push_back((key, number));
        let (tip, refusal) = (Bytes::copy_from_slice(tip), refusal.clone());
        kept.entries.insert(key, Entry { number, since: Instant::now(), tip, refusal, bytes });
        while kept.order.len() > MAX_REFUSALS || kept.bytes > MAX_REFUSAL_BYTES {
            let Some((key, number)) = kept.order.pop_front() else { return };
            if kept.entries.get(&key).is_some_and(|entry| entry.number == number) {
                kept.remove(&key);
            }
        }
    }

    fn key(&self, raw: &[u8]) -> Key {
        (self.hasher.hash_one(raw), raw.len())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }
}

/// About the bytes that a refusal takes in memory: the struct and its text.
fn size(refusal: &AdmissionRefusal) -> usize {
    size_of::<AdmissionRefusal>() + refusal.to_string().len()
}

#[cfg(test)]
mod tests {
    use chainstate::mempool::Refusal;
    use stacks_types::ids::Txid;

    use super::*;

    fn answer(bytes: usize) -> AdmissionRefusal {
        let refusal = Refusal::SignatureValidation { message: "x".repeat(bytes) };
        AdmissionRefusal::Refused { txid: Txid([1; 32]), refusal }
    }

    #[test]
    fn a_refusal_is_given_again_at_its_tip_only() {
        let refusals = Refusals::default();
        refusals.remember(b"one", b"tip", &answer(3));
        assert_eq!(refusals.find(b"one", b"tip"), Some(answer(3)));
        assert_eq!(refusals.find(b"one", b"next tip"), None);
        assert_eq!(refusals.find(b"two", b"tip"), None);
        refusals.remember(b"one", b"next tip", &answer(4));
        assert_eq!(refusals.find(b"one", b"next tip"), Some(answer(4)));
        assert_eq!(refusals.find(b"one", b"tip"), None);
    }

    #[test]
    fn a_refusal_is_forgotten_in_time() {
        let refusals = Refusals::default();
        refusals.remember(b"one", b"tip", &answer(3));
        for entry in refusals.lock().entries.values_mut() {
            entry.since = Instant::now().checked_sub(REFUSAL_AGE).unwrap();
        }
        assert_eq!(refusals.find(b"one", b"tip"), None);
    }

    #[test]
    fn neither_number_nor_bytes_grow_beyond_their_limits() {
        let refusals = Refusals::default();
        for number in 0..=MAX_REFUSALS {
            refusals.remember(&number.to_be_bytes(), b"tip", &answer(1));
            // Refusing the same bytes again and again evicts other entries only for a while.
            refusals.remember(b"again", b"tip", &answer(1));
        }
        assert!(refusals.lock().order.len() <= MAX_REFUSALS && refusals.lock().entries.len() <= MAX_REFUSALS);
        assert_eq!(refusals.find(&0_usize.to_be_bytes(), b"tip"), None, "the oldest went");
        assert!(refusals.find(b"again", b"tip").is_some());
        for number in 0..9_u8 {
            refusals.remember(&[number], b"tip", &answer(MAX_REFUSAL_BYTES / 8));
        }
        let kept = refusals.lock();
        assert!(kept.bytes <= MAX_REFUSAL_BYTES && kept.entries.len() == 7, "{} bytes", kept.bytes);
        let counted: usize = kept.entries.values().map(|entry| size(&entry.refusal)).sum();
        assert_eq!(kept.bytes, counted);
        drop(kept);
        refusals.remember(b"huge", b"tip", &answer(MAX_REFUSAL_BYTES));
        assert!(refusals.find(b"huge", b"tip").is_none() && refusals.find(&[8], b"tip").is_some());
    }
}
