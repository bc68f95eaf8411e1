//! The mempool's index in memory, ordered for assembly and for listing.
//!
//! Built from the table at start, then updated by [`MempoolIndex::apply`] with the [`Changes`] of each committed write.
//! Every step costs O(log n) for n pending transactions.
//!
//! # Invariants
//! - `ready` holds exactly the transactions that use the next nonce of their origin and of their payer; `waiting` the others.
//! - Every account that a transaction uses has a next nonce here, and no other account has.

use super::changes::Changes;
use super::pending::{FeeRate, PendingTransaction};
use super::rows::{self, Totals};
use super::waiting::Waiting;
use crate::db::StoreError;
use rusqlite::Connection;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Order of candidates. Arrival numbers are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Transactions that a reorganization brought back go first, in the order in which they were mined: one may need a
    /// contract or funds that another brings.
    Restored(u64, Txid),
    /// Highest fee rate first, then the first that came.
    ByRate(Reverse<FeeRate>, u64, Txid),
}

impl Rank {
    /// A transaction's rank among the candidates.
    pub(super) const fn of(pending: &PendingTransaction) -> Self {
        match pending.restored {
            true => Self::Restored(pending.arrival, pending.txid),
            false => Self::ByRate(Reverse(pending.fee_rate()), pending.arrival, pending.txid),
        }
    }

    pub(super) const fn txid(&self) -> &Txid {
        let (Self::Restored(_, txid) | Self::ByRate(_, _, txid)) = self;
        txid
    }
}

/// Order of listings: highest fee rate first, then by txid, so that a page can begin after any transaction.
type ListKey = (Reverse<FeeRate>, Txid);

/// All pending transactions, without their bytes.
#[derive(Debug, Default)]
pub struct MempoolIndex {
    transactions: BTreeMap<Txid, PendingTransaction>,
    by_nonce: BTreeMap<(StacksAddress, u64), Txid>,
    accounts: BTreeMap<StacksAddress, AccountEntry>,
    ready: BTreeSet<Rank>,
    waiting: Waiting,
    by_rate: BTreeSet<ListKey>,
    bytes: u64,
}

/// An account with pending transactions.
#[derive(Debug, Clone, Copy)]
struct AccountEntry {
    next_nonce: u64,
    pending: usize,
}

impl MempoolIndex {
    /// Builds the index from the table.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let mut index = Self::default();
        let nonces = rows::select_next_nonces(conn)?;
        index.apply(&Changes { added: rows::select_all(conn)?, dropped: Vec::new(), nonces });
        Ok(index)
    }

    /// Applies a committed write: first the dropped transactions, then nonces, then the added ones.
    pub fn apply(&mut self, changes: &Changes) {
        for dropped in &changes.dropped {
            self.remove(&dropped.pending.txid);
        }
        let added_nonces: BTreeMap<StacksAddress, u64> = changes.nonces.iter().copied().collect();
        for (account, nonce) in &added_nonces {
            self.set_next_nonce(account, *nonce);
        }
        for pending in &changes.added {
            self.insert(pending, &added_nonces);
        }
    }

    /// Number and bytes of pending transactions.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals { transactions: u64::try_from(self.transactions.len()).unwrap_or(u64::MAX), bytes: self.bytes }
    }

    /// The pending transaction with this id.
    #[must_use]
    pub(crate) fn get(&self, txid: &Txid) -> Option<&PendingTransaction> {
        self.transactions.get(txid)
    }

    /// Up to `limit` transactions with the highest fee rates, ties by txid; those after `after` if it is given. The
    /// transaction of that place need not be pending any more.
    #[must_use]
    pub(crate) fn list(&self, after: Option<(FeeRate, Txid)>, limit: usize) -> Vec<&PendingTransaction> {
        let start = after.map_or(Bound::Unbounded, |(rate, txid)| Bound::Excluded((Reverse(rate), txid)));
        let keys = self.by_rate.range((start, Bound::Unbounded));
        keys.filter_map(|(_, txid)| self.transactions.get(txid)).take(limit).collect()
    }

    /// The accounts with pending transactions, with their next nonces, in order.
    #[cfg(test)]
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&StacksAddress, u64)> {
        self.accounts.iter().map(|(account, entry)| (account, entry.next_nonce))
    }

    /// The nonces that an account's pending transactions use, as origin or sponsor, rising.
    pub(crate) fn pending_nonces(&self, account: &StacksAddress) -> impl Iterator<Item = u64> + use<'_> {
        let account = *account;
        self.by_nonce.range((account, 0)..=(account, u64::MAX)).map(|((_, nonce), _)| *nonce)
    }

    /// The next nonce of an account at the tip, if it has pending transactions.
    pub(super) fn next_nonce(&self, account: &StacksAddress) -> Option<u64> {
        self.accounts.get(account).map(|entry| entry.next_nonce)
    }

    /// The pending transaction that uses a nonce.
    pub(super) fn by_nonce(&self, account: &StacksAddress, nonce: u64) -> Option<&PendingTransaction> {
        self.by_nonce.get(&(*account, nonce)).and_then(|txid| self.transactions.get(txid))
    }

    /// The best ready transaction that ranks below the given one.
    pub(super) fn next_ready(&self, after: Option<&Rank>) -> Option<&Rank> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.ready.range((start, Bound::Unbounded)).next()
    }

    /// Transactions that no block can take yet.
    pub(super) const fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// The ready transactions that are mined by their fee rate, highest first; of equal ones the first that came.
    pub(crate) fn ready_by_rate(&self) -> impl DoubleEndedIterator<Item = &PendingTransaction> {
        self.ready.iter().filter_map(|rank| self.get(rank.txid())).filter(|pending| !pending.restored)
    }

    fn insert(&mut self, pending: &PendingTransaction, nonces: &BTreeMap<StacksAddress, u64>) {
        if self.transactions.contains_key(&pending.txid) {
            return;
        }
        for (account, nonce) in pending.nonces() {
            let next_nonce = nonces.get(&account).copied().unwrap_or_default();
            let entry = self.accounts.entry(account).or_insert(AccountEntry { next_nonce, pending: 0 });
            entry.pending += 1;
            self.by_nonce.insert((account, nonce), pending.txid);
        }
        self.by_rate.insert((Reverse(pending.fee_rate()), pending.txid));
        self.bytes += u64::from(pending.size_bytes);
        if self.is_ready(pending) {
            self.ready.insert(Rank::of(pending));
        } else {
            self.waiting.insert(pending);
        }
        self.transactions.insert(pending.txid, pending.clone());
    }

    fn remove(&mut self, txid: &Txid) {
        let Some(pending) = self.transactions.remove(txid) else { return };
        self.ready.remove(&Rank::of(&pending));
        self.waiting.remove(&pending);
        self.by_rate.remove(&(Reverse(pending.fee_rate()), pending.txid));
        self.bytes = self.bytes.saturating_sub(u64::from(pending.size_bytes));
        for (account, nonce) in pending.nonces() {
            self.by_nonce.remove(&(account, nonce));
            if let Some(entry) = self.accounts.get_mut(&account) {
                entry.pending -= 1;
                if entry.pending == 0 {
                    self.accounts.remove(&account);
                }
            }
        }
    }

    /// Sets the next nonce of an account, if the index has it.
    fn set_next_nonce(&mut self, account: &StacksAddress, nonce: u64) {
        let Some(entry) = self.accounts.get_mut(account) else { return };
        let old = std::mem::replace(&mut entry.next_nonce, nonce);
        for nonce in [old, nonce] {
            let Some(pending) = self.by_nonce(account, nonce).cloned() else { continue };
            if self.is_ready(&pending) {
                self.waiting.remove(&pending);
                self.ready.insert(Rank::of(&pending));
            } else {
                self.ready.remove(&Rank::of(&pending));
                self.waiting.insert(&pending);
            }
        }
    }

    fn is_ready(&self, pending: &PendingTransaction) -> bool {
        pending.nonces().all(|(account, nonce)| self.next_nonce(&account) == Some(nonce))
    }
}
