//! A signed block: proposed, answered, pushed.

use std::sync::Arc;

use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;

use super::{Action, Machine, PROCESS_TIMEOUT_MS, Phase, ProposedBy, TIMEOUT_GROWTH_MAX, WakeOn};
use crate::collect::Votes;
use crate::model::{BlockResponse, Candidate, Millis};

/// Slots whose newest answers are remembered: as many as a StackerDB has.
const SLOTS_MAX: u32 = 4096;

impl Machine {
    pub(super) fn on_answer(
        &mut self,
        now: Millis,
        slot_id: u32,
        signer: Hash160,
        answer: BlockResponse,
    ) -> Option<Action> {
        if slot_id >= SLOTS_MAX {
            return None;
        }
        match &answer {
            BlockResponse::Accept { block_hash, signature } => {
                self.accepts.insert(slot_id, (signer, *block_hash, *signature));
            }
            BlockResponse::Reject { block_hash, .. } => {
                self.refusals.insert(slot_id, (signer, *block_hash));
            }
        }
        let Phase::Gathering { candidate, votes, proposed_by, .. } = &mut self.phase else { return None };
        match answer {
            BlockResponse::Accept { block_hash, signature } if block_hash == candidate.block.block_hash => {
                if !votes.accept(&signer, &signature) {
                    let signer = address(signer, candidate);
                    tracing::warn!(%signer, "a signature by no member of the stacker set was left out");
                }
                self.push_if_enough(now)
            }
            BlockResponse::Reject { block_hash, code, text } if block_hash == candidate.block.block_hash => {
                votes.reject(&signer);
                let signer = address(signer, candidate);
                tracing::info!(%signer, code, text, "a signer refused the proposal");
                if !votes.is_hopeless() {
                    return None;
                }
                match proposed_by {
                    // They may have refused it for its time only: a signer that reads it again later would sign.
                    ProposedBy::Other => {
                        let candidate = candidate.clone();
                        return Some(self.propose(now, candidate));
                    }
                    ProposedBy::Us => return None,
                    ProposedBy::UsAndSeen => {}
                }
                tracing::warn!(%block_hash, "too many signers refused; proposal given up for now");
                self.give_up_for_now(now, block_hash)
            }
            BlockResponse::Accept { .. } | BlockResponse::Reject { .. } => None,
        }
    }

    pub(super) fn propose(&mut self, now: Millis, candidate: Candidate) -> Action {
        let well_known = self.view.as_ref().is_some_and(|view| view.well_known);
        let timeout = self.policy.proposal_timeout_ms;
        let mut votes = self.votes_for(&candidate);
        votes.ask_again();
        if well_known || votes.is_enough() {
            let signatures = if well_known { Vec::new() } else { votes.signatures() };
            return self.push(now, candidate, signatures);
        }
        let action = Action::Propose(candidate.clone());
        let until = now.saturating_add(timeout);
        self.phase = Phase::Gathering { candidate, votes, proposed_by: ProposedBy::Us, timeout, until };
        action
    }

    /// The answers to a block so far.
    pub(super) fn votes_for(&self, candidate: &Candidate) -> Votes {
        let mut votes = Votes::new(Arc::clone(&candidate.stackers));
        for (signer, block_hash, signature) in self.accepts.values() {
            if *block_hash == candidate.block.block_hash {
                votes.accept(signer, signature);
            }
        }
        for (signer, block_hash) in self.refusals.values() {
            if *block_hash == candidate.block.block_hash {
                votes.reject(signer);
            }
        }
        votes
    }

    fn push_if_enough(&mut self, now: Millis) -> Option<Action> {
        let Phase::Gathering { candidate, votes, .. } = &self.phase else { return None };
        if !votes.is_enough() {
            return None;
        }
        let (candidate, signatures) = (candidate.clone(), votes.signatures());
        Some(self.push(now, candidate, signatures))
    }

    pub(super) fn push(&mut self, now: Millis, candidate: Candidate, signatures: Vec<MessageSignature>) -> Action {
        let until = now.saturating_add(PROCESS_TIMEOUT_MS);
        self.phase = Phase::Pushed { candidate: candidate.clone(), signatures: signatures.clone(), until };
        Action::Push(candidate, signatures)
    }

    pub(super) fn on_block_rejected(&mut self, block_id: StacksBlockId, reason: &str) -> Option<Action> {
        match &self.phase {
            Phase::Pushed { candidate, .. } if candidate.block.block_id == block_id => {
                tracing::error!(reason, %block_id, "the node found a pushed block invalid");
                self.dismiss_pushed()
            }
            _ => None,
        }
    }

    pub(super) fn dismiss_pushed(&mut self) -> Option<Action> {
        match &self.phase {
            Phase::Pushed { candidate, .. } => self.give_up(candidate.block.block_hash, true),
            _ => self.look(),
        }
    }

    /// Gives up the block in flight for a pause.
    pub(super) fn give_up_for_now(&mut self, now: Millis, block_hash: BlockHash) -> Option<Action> {
        self.pause_refused(now);
        self.give_up(block_hash, false)
    }

    /// When blocks that were given up for a time are proposed again. The pause grows: each round takes room in the journal.
    pub(super) fn pause_refused(&mut self, now: Millis) -> Millis {
        let growth = 1_u64.checked_shl(self.refused_rounds).unwrap_or(u64::MAX).min(TIMEOUT_GROWTH_MAX);
        let pause = self.policy.proposal_timeout_ms.saturating_mul(growth);
        *self.refused_until.get_or_insert(now.saturating_add(pause))
    }

    /// Blocks that were given up for a time may be accepted by now.
    pub(super) fn end_pause_of_refused(&mut self) {
        let before = self.dismissed.len();
        self.dismissed.retain(|_, is_final| *is_final);
        self.refused_rounds = self.refused_rounds.saturating_add(u32::from(self.dismissed.len() < before));
        self.refused_until = None;
    }

    /// Gives up the block in flight; finally, or until the pause ends.
    fn give_up(&mut self, block_hash: BlockHash, is_final: bool) -> Option<Action> {
        self.dismissed.insert(block_hash, is_final);
        self.phase = Phase::Waiting { until: None, wake_on: WakeOn::TipChange };
        self.look()
    }
}

/// A signer's address for logs, on the network of the stacker set.
fn address(hash160: Hash160, candidate: &Candidate) -> StacksAddress {
    let unknown = StacksAddress::of_key_hash(hash160, false);
    candidate.stackers.first().map_or(unknown, |one| one.address.with_hash(hash160))
}
