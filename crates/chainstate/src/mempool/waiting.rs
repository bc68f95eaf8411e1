//! Transactions that no block can take yet, by payer.
//!
//! They cost their sender nothing as long as they wait, whatever fee they promise. So when room is short, the payer
//! with the most waiting bytes loses its transaction with the highest nonce first.

use super::pending::PendingTransaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use std::collections::{BTreeMap, BTreeSet};

/// A payer, the payer's nonce of a transaction, and the transaction's id.
type Place = (StacksAddress, u64, Txid);

/// The transactions of an index that are not ready. Every step costs O(log n).
#[derive(Debug, Default)]
pub(super) struct Waiting {
    places: BTreeSet<Place>,
    bytes: BTreeMap<StacksAddress, u64>,
    by_bytes: BTreeSet<(u64, StacksAddress)>,
}

impl Waiting {
    /// Bytes that wait at a payer's expense.
    pub(super) fn bytes_of(&self, payer: &StacksAddress) -> u64 {
        self.bytes.get(payer).copied().unwrap_or_default()
    }

    pub(super) fn insert(&mut self, pending: &PendingTransaction) {
        if self.places.insert(place(pending)) {
            let bytes = self.bytes_of(&pending.payer).saturating_add(u64::from(pending.size_bytes));
            self.set_bytes(pending.payer, bytes);
        }
    }

    pub(super) fn remove(&mut self, pending: &PendingTransaction) {
        if self.places.remove(&place(pending)) {
            let bytes = self.bytes_of(&pending.payer).saturating_sub(u64::from(pending.size_bytes));
            self.set_bytes(pending.payer, bytes);
        }
    }

    fn set_bytes(&mut self, payer: StacksAddress, bytes: u64) {
        if let Some(old) = self.bytes.remove(&payer) {
            self.by_bytes.remove(&(old, payer));
        }
        if bytes > 0 {
            self.bytes.insert(payer, bytes);
            self.by_bytes.insert((bytes, payer));
        }
    }
}

const fn place(pending: &PendingTransaction) -> Place {
    (pending.payer, pending.payer_nonce, pending.txid)
}

/// A walk over waiting transactions in the order of eviction. It changes nothing.
#[derive(Debug)]
pub(super) struct GivingWay<'a> {
    waiting: &'a Waiting,
    /// Payers that the walk has begun: the bytes that they have left, and the last transaction taken.
    begun: BTreeSet<(u64, StacksAddress, Place)>,
    /// The walk has begun all payers from this one upward.
    reached: Option<(u64, StacksAddress)>,
}

impl<'a> GivingWay<'a> {
    pub(super) const fn new(waiting: &'a Waiting) -> Self {
        Self { waiting, begun: BTreeSet::new(), reached: None }
    }

    /// The payer with the most bytes left, and their number.
    pub(super) fn heaviest(&self) -> Option<(u64, StacksAddress)> {
        let begun = self.begun.last().map(|(bytes, payer, _)| (*bytes, *payer));
        begun.max(self.next_untouched())
    }

    /// Takes the heaviest payer's transaction with the highest nonce; `size_of` gives a transaction's bytes.
    pub(super) fn take(&mut self, size_of: impl Fn(&Txid) -> u32) -> Option<Txid> {
        let (bytes, payer) = self.heaviest()?;
        let from = (payer, 0, Txid([0; 32]));
        let untouched = self.next_untouched() == Some((bytes, payer));
        let last = match self.begun.last().filter(|_| !untouched) {
            Some((_, _, before)) => {
                let before = *before;
                self.begun.pop_last();
                self.waiting.places.range(from..before).next_back()
            }
            None => {
                self.reached = Some((bytes, payer));
                self.waiting.places.range(from..=(payer, u64::MAX, Txid([0xff; 32]))).next_back()
            }
        };
        let last = *last?;
        let left = bytes.saturating_sub(u64::from(size_of(&last.2)));
        if left > 0 {
            self.begun.insert((left, payer, last));
        }
        Some(last.2)
    }

    fn next_untouched(&self) -> Option<(u64, StacksAddress)> {
        match self.reached {
            Some(reached) => self.waiting.by_bytes.range(..reached).next_back().copied(),
            None => self.waiting.by_bytes.last().copied(),
        }
    }
}
