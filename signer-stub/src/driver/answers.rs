//! The answers of the process's signers to a proposal, written to their slots together.

use std::collections::BTreeMap;
use std::sync::Arc;

use client::{Failed, SlotWrite, put_all, unary};
use nakamoto_proto::v1::ListSlotsRequest;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BurnBlockHash, Hash160};

use super::Driver;
use super::signer::Answer;
use crate::decide::Input;

/// Slot ids by the account that owns each.
pub(super) type Slots = BTreeMap<Hash160, u32>;

impl Driver {
    /// Makes all signers answer that have not yet; only stackers at the proposal's burn view sign.
    pub(super) async fn answer(&mut self, answer: &Answer) -> Result<Input, Failed> {
        let Some(burn_tip) = self.machine.burn_tip() else { return Ok(Input::Answered) };
        let asked = match answer {
            Answer::Sign(proposal) => Some(self.asked_at(&proposal.burn_view).await?),
            Answer::Refuse(block_hash, refusal) => {
                tracing::info!(%block_hash, code = refusal.code, reason = refusal.text, "proposal refused");
                None
            }
        };
        let slots = self.slots_at(burn_tip).await?;
        let block_hash = answer.block_hash();
        let answering = self.signers.iter_mut().filter(|signer| {
            let is_asked = asked.as_ref().is_none_or(|asked| asked.contains(&signer.account));
            is_asked && signer.answered != Some(block_hash)
        });

        let (mut said, mut outcome) = (Vec::new(), Ok(Input::Answered));
        for signer in answering {
            match (signer.messages(answer).await, slots.get(&signer.account)) {
                (Ok(messages), Some(slot_id)) => said.push((signer, *slot_id, messages)),
                (Ok(_), None) => {
                    tracing::debug!(signer = signer.address, "no slot in .signers: the answer is not sent");
                    signer.answered = Some(block_hash);
                }
                (Err(failed), _) => outcome = Err(failed),
            }
        }
        // A stacker's requests have a lane of their own in the node.
        if let Some(node) = said.first().map(|(signer, ..)| signer.node.clone()) {
            let writes = said
                .iter_mut()
                .map(|(signer, slot_id, messages)| signer.write(&self.chain.signers_db, *slot_id, messages));
            let mut writes: Vec<_> = writes.collect();
            put_all(&node, &mut writes).await?;
            let taken: Vec<_> = writes.into_iter().map(SlotWrite::outcome).collect();
            for ((signer, ..), taken) in said.into_iter().zip(taken) {
                match taken {
                    Ok(()) => signer.answered = Some(block_hash),
                    Err(error) => {
                        tracing::error!(%error, "the answer was not stored");
                        // The signer may have another slot by now.
                        self.slots = None;
                        outcome = Err(Failed::Later(None));
                    }
                }
            }
        }
        if outcome.is_ok() {
            self.signers.iter_mut().for_each(|signer| signer.answered = None);
        }
        outcome
    }

    /// The slots of `.signers` at a burn tip. The node is asked once.
    async fn slots_at(&mut self, burn_tip: BurnBlockHash) -> Result<Arc<Slots>, Failed> {
        if let Some((at, slots)) = &self.slots
            && *at == burn_tip
        {
            return Ok(Arc::clone(slots));
        }
        // Not from the set: a former member keeps its slot until the chain has reached the new cycle.
        let request = ListSlotsRequest { contract_id: self.chain.signers_db.clone() };
        let answer = unary(self.node.stackerdb().list_slots(request)).await?;
        let owner = |address: &str| StacksAddress::parse(address).ok().map(|address| address.hash160());
        let slots = answer.slots.iter().filter_map(|slot| Some((owner(&slot.signer)?, slot.slot_id)));
        let slots = Arc::new(slots.collect());
        self.slots = Some((burn_tip, Arc::clone(&slots)));
        Ok(slots)
    }
}
