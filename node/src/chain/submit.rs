//! Offered transactions. Refusals are remembered, so the same bytes are not checked again.

use bytes::Bytes;
use chainstate::chain::{AdmissionRefusal, Decision, Offered};
use chainstate::db::StoreError;

use super::NodeChain;
use crate::error::ApiError;

impl NodeChain {
    /// Offers transactions to the mempool in one commit; gives one answer for each, in order.
    pub fn offer_transactions(&self, raw: &[Bytes]) -> Vec<Result<Offered, ApiError>> {
        // Read before the check: a refusal found at a later tip is forgotten early, and no refusal outlives its tip.
        let tip = self.tip_ref().block_id;
        let known: Vec<_> = raw.iter().map(|raw| self.refusals.find(raw, &tip)).collect();
        let unknown = raw.iter().zip(&known).filter(|(_, known)| known.is_none());
        let unknown: Vec<_> = unknown.map(|(raw, _)| raw.clone()).collect();
        let mut offered = self.chain.offer_transactions(&unknown).into_iter();
        let mut answer = |raw: &Bytes, known: Option<AdmissionRefusal>| match known {
            Some(refusal) => Ok(Offered::Decided(Err(refusal))),
            None => {
                let offered = offered.next().unwrap_or(Err(StoreError::ShuttingDown))?;
                if let Offered::Decided(decision) = &offered {
                    self.remember_refusal(raw, &tip, decision);
                }
                Ok(offered)
            }
        };
        raw.iter().zip(known).map(|(raw, known)| answer(raw, known)).collect()
    }

    /// Offers, alone, a transaction that was left out of a batch: its check may load a large contract that it calls.
    pub fn submit_transaction(&self, raw: &Bytes) -> Result<Decision, ApiError> {
        let tip = self.tip_ref().block_id;
        // The same bytes may have been refused meanwhile.
        if let Some(refusal) = self.refusals.find(raw, &tip) {
            return Ok(Err(refusal));
        }
        let decision = self.chain.admit_transaction(raw)?;
        self.remember_refusal(raw, &tip, &decision);
        Ok(decision)
    }

    fn remember_refusal(&self, raw: &[u8], tip: &[u8], decision: &Decision) {
        let Err(refusal) = decision else { return };
        let holds = match refusal {
            AdmissionRefusal::Undecodable(_) => true,
            AdmissionRefusal::Refused { refusal, .. } => refusal.holds_at_its_tip(),
        };
        if holds {
            self.refusals.remember(raw, tip, refusal);
        }
    }
}
