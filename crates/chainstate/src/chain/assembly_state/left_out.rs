//! The transactions that the last template left out, and why: in memory, to answer what a transaction waits for.

use std::collections::BTreeMap;

use stacks_types::ids::{BurnBlockHash, Txid};

use crate::chain::{NakamotoChainState, lock};

/// Transactions of a template that are remembered.
pub(crate) const MAX_LEFT_OUT: usize = 1_000;

/// What the last template left out.
#[derive(Debug, Default)]
pub(in crate::chain) struct LeftOut {
    reasons: BTreeMap<Txid, String>,
    /// The first one for which the tenure's budget was used up, with the reason and advice.
    tenure_full: Option<(Txid, String)>,
    /// The burn view whose tenure the log has already reported as full.
    reported: Option<BurnBlockHash>,
}

impl NakamotoChainState {
    /// Replaces the record of the last template by this one's. `exhausted` is the transaction that found the tenure's
    /// budget used up; the first of each tenure is logged.
    pub(crate) fn note_left_out(&self, burn_view: BurnBlockHash, skipped: &[(Txid, String)], exhausted: Option<&Txid>) {
        let mut left_out = lock(&self.inner.assembly.left_out);
        left_out.reasons = skipped.iter().take(MAX_LEFT_OUT).cloned().collect();
        left_out.tenure_full = skipped.iter().find(|(txid, _)| Some(txid) == exhausted).cloned();
        if let Some((txid, why)) = left_out.tenure_full.clone()
            && left_out.reported.replace(burn_view) != Some(burn_view)
        {
            tracing::info!("transaction 0x{txid} waits: {why}");
        }
    }

    /// Called when a template begins: nothing is known yet of its tenure's budget.
    pub(crate) fn forget_tenure_full(&self) {
        lock(&self.inner.assembly.left_out).tenure_full = None;
    }

    /// The first transaction for which the last template found the tenure's budget used up, with the reason and the
    /// advice.
    #[must_use]
    pub fn tenure_full(&self) -> Option<(Txid, String)> {
        lock(&self.inner.assembly.left_out).tenure_full.clone()
    }

    /// Why the last template left a transaction out.
    #[must_use]
    pub(crate) fn why_left_out(&self, txid: &Txid) -> Option<String> {
        lock(&self.inner.assembly.left_out).reasons.get(txid).cloned()
    }
}
