//! Who gives way when the mempool is full.
//!
//! What no block can take yet goes first: it was never charged, so its fee says nothing. The payer who holds most bytes so
//! gives first, so that one account cannot shut the others out. Then what can be mined goes by fee rate, lowest first, for
//! a newcomer who pays a higher one and can be mined itself.
//!
//! # Invariants
//! - A newcomer that must wait itself takes room only from a payer that holds more than its own would then.
//! - Nobody gives way to less than what the newcomer needs: all of it is found, or nobody goes.

use super::index::MempoolIndex;
use super::pending::PendingTransaction;
use super::rows::Totals;
use super::waiting::GivingWay;
use stacks_types::ids::Txid;

/// Most transactions that give way to one.
pub(crate) const MAX_EVICTED: usize = 4096;

/// What a newcomer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// Whether a block could take it at once: its nonces are the next ones.
    pub is_ready: bool,
    /// How many must go, and how many bytes at least.
    pub room: Totals,
}

/// What was found so far.
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

    /// Adds one, but for what the newcomer replaces anyway.
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
    /// Which transactions give way to a newcomer; `None` when there are not enough that have to.
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
