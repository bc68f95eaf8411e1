//! One walk over the mempool in the order in which transactions should be mined.
//!
//! Always the first by [`Rank`] of those whose nonces are next (origin's and sponsor's), given what this walk has mined.
//! The walk holds no reference to the index: between two steps the index may change (others admit transactions meanwhile).
//! What was dropped is not offered; what was added is offered if it ranks below the place that the walk has reached, or
//! follows a transaction that it mined. No transaction is offered twice.

use super::index::{MempoolIndex, Rank};
use super::pending::PendingTransaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a walk. Each step costs O(log n).
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// The walk has passed all of the index's ready transactions up to this one.
    passed: Option<Rank>,
    /// Transactions that became ready by what was mined in this walk, and were not offered yet.
    unlocked: BTreeSet<Rank>,
    /// Next nonces of accounts after what was mined in this walk.
    nonces: BTreeMap<StacksAddress, u64>,
    offered: BTreeSet<Txid>,
}

impl Candidates {
    /// The next transaction to try; none when no ready one is left. The caller then says [`Candidates::mined`], or goes
    /// on: then the transaction, and what follows it by nonce, is left out of this walk.
    pub fn next(&mut self, index: &MempoolIndex) -> Option<PendingTransaction> {
        loop {
            let ready = index.next_ready(self.passed.as_ref());
            let best = match (ready, self.unlocked.first()) {
                (Some(ready), Some(unlocked)) if unlocked < ready => self.unlocked.pop_first()?,
                (Some(ready), _) => *self.passed.insert(*ready),
                (None, Some(_)) => self.unlocked.pop_first()?,
                (None, None) => return None,
            };
            let Some(pending) = index.get(best.txid()) else { continue };
            if self.is_next(index, pending) && self.offered.insert(pending.txid) {
                return Some(pending.clone());
            }
        }
    }

    /// Walks again from the best on, for those that came meanwhile. None is offered twice.
    pub fn again(&mut self) {
        self.passed = None;
    }

    /// The transaction is in the block: the next nonces of its accounts are candidates now.
    pub fn mined(&mut self, index: &MempoolIndex, pending: &PendingTransaction) {
        // All nonces first: the next transaction may need two of them.
        for (account, nonce) in pending.nonces() {
            self.nonces.insert(account, nonce.saturating_add(1));
        }
        for (account, nonce) in pending.nonces() {
            self.unlock(index, &account, nonce.saturating_add(1));
        }
    }

    /// A transaction that is not from the mempool (a coinbase) has used this nonce in the block.
    pub(crate) fn nonce_used(&mut self, index: &MempoolIndex, account: &StacksAddress, nonce: u64) {
        self.nonces.insert(*account, nonce.saturating_add(1));
        self.unlock(index, account, nonce.saturating_add(1));
    }

    fn unlock(&mut self, index: &MempoolIndex, account: &StacksAddress, nonce: u64) {
        if let Some(next) = index.by_nonce(account, nonce)
            && self.is_next(index, next)
        {
            self.unlocked.insert(Rank::of(next));
        }
    }

    fn is_next(&self, index: &MempoolIndex, pending: &PendingTransaction) -> bool {
        pending.nonces().all(|(account, nonce)| {
            let next = self.nonces.get(&account).copied().or_else(|| index.next_nonce(&account));
            next == Some(nonce)
        })
    }
}
