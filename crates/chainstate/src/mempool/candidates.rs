//! One walk over the mempool in the order in which transactions should be mined.
//!
//! Each step offers the first by [`Rank`] of the transactions whose nonces are next (origin's and sponsor's), given
//! what this walk has mined. The walk holds no reference to the index, which may change between two steps (transactions
//! are admitted meanwhile). A dropped transaction is not offered; an added one is offered if it ranks below the place
//! that the walk has reached, or follows a transaction that the walk mined. No transaction is offered twice.

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
    /// Transactions that became ready by what this walk mined, and were not offered yet.
    unlocked: BTreeSet<Rank>,
    /// Next nonces of accounts after what this walk mined.
    nonces: BTreeMap<StacksAddress, u64>,
    offered: BTreeSet<Txid>,
}

impl Candidates {
    /// The next transaction to try; none when no ready one is left. The caller then calls [`Candidates::mined`]; if it
    /// does not, the transaction and those that follow it by nonce are left out of this walk.
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

    /// Starts again with the best, for transactions that came meanwhile. None is offered twice.
    pub fn again(&mut self) {
        self.passed = None;
    }

    /// The transaction is in the block: the next transactions of its accounts become candidates.
    pub fn mined(&mut self, index: &MempoolIndex, pending: &PendingTransaction) {
        // All nonces first: the next transaction may need two of them.
        for (account, nonce) in pending.nonces() {
            self.nonces.insert(account, nonce.saturating_add(1));
        }
        for (account, nonce) in pending.nonces() {
            self.unlock(index, &account, nonce.saturating_add(1));
        }
    }

    /// Something else than a pending transaction (a coinbase) has used this nonce in the block.
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
