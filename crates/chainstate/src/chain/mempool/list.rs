//! Questions about pending transactions.

use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;

use crate::chain::{NakamotoChainState, lock};
use crate::mempool::{Candidates, FeeRate, MempoolIndex, PendingStatus, PendingTransaction};

impl NakamotoChainState {
    /// Transactions that wait.
    #[must_use]
    pub fn pending_count(&self) -> u64 {
        lock(&self.inner.mempool).totals().transactions
    }

    /// Up to `limit` pending transactions after a place in the order of fee rates, highest first.
    #[must_use]
    pub fn pending_list(&self, after: Option<(FeeRate, Txid)>, limit: usize) -> Vec<PendingTransaction> {
        lock(&self.inner.mempool).list(after, limit).into_iter().cloned().collect()
    }

    /// Up to `limit` transactions that the next block can take, by fee rate, highest first: the next one of each
    /// account.
    #[must_use]
    pub(crate) fn ready_list(&self, limit: usize) -> Vec<PendingTransaction> {
        lock(&self.inner.mempool).ready_by_rate().take(limit).cloned().collect()
    }

    /// What a pending transaction waits for; none when it is not pending.
    #[must_use]
    pub(crate) fn pending_status(&self, txid: &Txid) -> Option<PendingStatus> {
        lock(&self.inner.mempool).status(txid)
    }

    /// Up to `limit` nonces that an account's pending transactions use, as origin or sponsor, rising.
    #[must_use]
    pub(crate) fn pending_nonces(&self, account: &StacksAddress, limit: usize) -> Vec<u64> {
        lock(&self.inner.mempool).pending_nonces(account).take(limit).collect()
    }

    /// The pending transaction that assembly would try first; none if no nonce is the next of its account.
    #[must_use]
    pub(crate) fn first_candidate(&self) -> Option<PendingTransaction> {
        self.with_mempool(|index| Candidates::default().next(index))
    }

    /// Runs `ask` on the mempool's index in memory.
    pub(crate) fn with_mempool<T>(&self, ask: impl FnOnce(&MempoolIndex) -> T) -> T {
        ask(&lock(&self.inner.mempool))
    }
}
