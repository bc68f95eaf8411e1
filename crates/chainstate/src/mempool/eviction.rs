//! Which transactions are evicted from a full mempool.
//!
//! Transactions that no block can take yet go first: their fee is not charged, so it says nothing. Of these, the payer
//! with the most bytes loses first, so that one account cannot shut out the others. Then ready transactions go by fee
//! rate, lowest first, for a newcomer that is ready and pays more.
//!
//! # Invariants
//! - A newcomer that must wait itself takes room only from a payer that holds more bytes than the newcomer's payer
//!   would then.
//! - Either all the room that the newcomer needs is found, or nothing is evicted.

use super::index::MempoolIndex;
use super::pending::PendingTransaction;
use super::rows::Totals;
use super::waiting::GivingWay;
use stacks_types::ids::Txid;

/// Most transactions that are evicted for one.
pub(crate) const MAX_EVICTED: usize = 4096;

/// The room that a newcomer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// Whether a block can take it at once: its nonces are the next ones.
    pub is_ready: bool,
    /// How many transactions must go, and with how many bytes at least.
    pub room: Totals,
}

/// The victims found so far.
struct Found<'a> {
    newcomer: &'a PendingTransaction,
    need: Totals,
    freed: Totals,
    evicted: Vec<Txid>,
}

impl Found<'_> {
    const fn is_enough(&self) -> bool {
        self.freed.transactions >= self.need.transactions && self.freed.bytes >= self.need.bytes
    }

    const fn is_over(&self) -> bool {
        self.is_enough() || self.evicted.len() >= MAX_EVICTED
    }

    /// Adds a victim, unless the newcomer replaces it anyway.
    fn add(&mut self, victim: &PendingTransaction) {
        if victim.nonces().any(|used| self.newcomer.nonces().any(|wanted| wanted == used)) {
            return;
        }
        self.freed.transactions += 1;
        self.freed.bytes = self.freed.bytes.saturating_add(u64::from(victim.size_bytes));
        self.evicted.push(victim.txid);
    }
}

impl MempoolIndex {
    /// Which transactions are evicted for a newcomer; `None` when there are not enough.
    #[must_use]
    pub(crate) fn give_way(&self, newcomer: &PendingTransaction, need: &Need) -> Option<Vec<Txid>> {
        let mut found = Found { newcomer, need: need.room, freed: Totals::default(), evicted: Vec::new() };
        let own = self.waiting().bytes_of(&newcomer.payer).saturating_add(u64::from(newcomer.size_bytes));
        let mut waiting = GivingWay::new(self.waiting());
        while !found.is_over()
            && let Some((bytes, _)) = waiting.heaviest()
            && (need.is_ready || bytes > own)
        {
            let size_of = |txid: &Txid| self.get(txid).map_or(0, |pending| pending.size_bytes);
            let victim = waiting.take(size_of).and_then(|txid| self.get(&txid));
            victim.into_iter().for_each(|victim| found.add(victim));
        }
        if need.is_ready {
            for victim in self.ready_by_rate().rev() {
                if found.is_over() || victim.fee_rate() >= newcomer.fee_rate() {
                    break;
                }
                found.add(victim);
            }
        }
        found.is_enough().then_some(found.evicted)
    }
}
