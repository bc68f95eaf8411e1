//! One signer at work: its key, its record, and the slot that it answers in.
//!
//! # Invariant
//! A signature leaves only after [`Record::claim`] granted it.

use client::{Failed, Node, PutError, SlotWriter, Standing, unary};
use nakamoto_proto::v1::ListSlotsRequest;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160};
use stacks_types::keys::PrivateKey;
use stacks_types::proposal::SlotMessage;

use super::Chain;
use super::forks::are_on_two_forks;
use crate::model::{Proposal, Refusal};
use crate::record::{Claim, Record, Sibling};

/// What a signer is to say to a proposal.
#[derive(Debug)]
pub(super) enum Answer {
    /// That it signs, if its record allows; else that it refuses.
    Sign(Box<Proposal>),
    /// That it refuses the block with this hash.
    Refuse(BlockHash, Refusal),
}

impl Answer {
    /// Hash of the block that is answered.
    pub(super) fn block_hash(&self) -> BlockHash {
        match self {
            Self::Sign(proposal) => proposal.block_hash,
            Self::Refuse(block_hash, _) => *block_hash,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Signer {
    /// Connection to the node, with the pass of this signer's key.
    pub node: Node,
    /// Signs blocks and StackerDB chunks.
    pub key: PrivateKey,
    /// Account hash of the key.
    pub account: Hash160,
    /// Stacks address of the key.
    pub address: String,
    /// What this signer has signed, on disk.
    pub record: Record,
    /// Writes this signer's slot at that burn tip: each reward cycle has its own slots.
    pub slot: Option<(BurnBlockHash, SlotWriter)>,
    /// Whether this signer is in the stacker set, as last logged.
    pub standing: Standing<bool>,
    /// The block that this signer has answered when others of the process could not.
    pub answered: Option<BlockHash>,
}

impl Signer {
    /// A signer that has not answered anything since the start of the process.
    pub(crate) fn new(node: &Node, key: PrivateKey, address: StacksAddress, record: Record) -> Self {
        Self {
            node: node.clone().as_owner_of_slot(&key),
            account: address.hash160(),
            address: address.to_string(),
            key,
            record,
            slot: None,
            standing: Standing::default(),
            answered: None,
        }
    }

    /// Whether the record has a signature of this block; no when the record cannot be read.
    pub(super) fn has_signed(&self, block_hash: &BlockHash) -> bool {
        match self.record.signature_of(block_hash) {
            Ok(signature) => signature.is_some(),
            Err(error) => {
                let _ = Failed::from(error);
                false
            }
        }
    }

    /// Puts the answer into this signer's slot at `burn_tip`, if it has one there.
    pub(super) async fn answer(
        &mut self,
        chain: &Chain,
        burn_tip: BurnBlockHash,
        answer: &Answer,
    ) -> Result<(), Failed> {
        match answer {
            Answer::Sign(proposal) => self.sign(chain, burn_tip, proposal).await?,
            Answer::Refuse(block_hash, refusal) => self.refuse(chain, burn_tip, *block_hash, refusal.clone()).await?,
        }
        self.answered = Some(answer.block_hash());
        Ok(())
    }

    async fn sign(&mut self, chain: &Chain, burn_tip: BurnBlockHash, proposal: &Proposal) -> Result<(), Failed> {
        let signature = match self.record.signature_of(&proposal.block_hash)? {
            Some(signature) => signature,
            None => {
                let siblings = self.record.siblings_of(proposal)?;
                let mut on_other_forks = Vec::new();
                for sibling in siblings {
                    if are_on_two_forks(&self.node, sibling.burn_view, proposal.burn_view).await? {
                        on_other_forks.push(sibling);
                    }
                }
                let signature = self.key.sign(proposal.block_hash.as_bytes());
                match self.record.claim(proposal, &signature, &on_other_forks)? {
                    Claim::Granted => signature,
                    Claim::Conflict(sibling) => {
                        return self.refuse_conflict(chain, burn_tip, proposal.block_hash, sibling).await;
                    }
                }
            }
        };
        let Proposal { block_hash, chain_length, .. } = *proposal;
        tracing::debug!(%block_hash, chain_length, signer = self.address, "block signed");
        self.put(chain, burn_tip, &SlotMessage::SignatureAccept { block_hash, signature }).await
    }

    async fn refuse(
        &mut self,
        chain: &Chain,
        burn_tip: BurnBlockHash,
        block_hash: BlockHash,
        refusal: Refusal,
    ) -> Result<(), Failed> {
        let message = SlotMessage::Reject { block_hash, reason_code: refusal.code, reason: refusal.text };
        self.put(chain, burn_tip, &message).await
    }

    /// Refuses, and then puts the signature of the block in the way into the slot again: only that block can follow the parent now,
    /// and whoever has it can finish it, also when its producer is gone.
    async fn refuse_conflict(
        &mut self,
        chain: &Chain,
        burn_tip: BurnBlockHash,
        block_hash: BlockHash,
        signed: Sibling,
    ) -> Result<(), Failed> {
        let text = format!("{} with the same parent was signed", signed.block_hash);
        tracing::info!(%block_hash, signer = self.address, reason = text, "proposal refused");
        self.refuse(chain, burn_tip, block_hash, Refusal::new(Refusal::CONFLICTS, text)).await?;
        match self.record.signature_of(&signed.block_hash)? {
            Some(signature) => {
                let message = SlotMessage::SignatureAccept { block_hash: signed.block_hash, signature };
                self.put(chain, burn_tip, &message).await
            }
            None => Ok(()),
        }
    }

    async fn put(&mut self, chain: &Chain, burn_tip: BurnBlockHash, message: &SlotMessage) -> Result<(), Failed> {
        let Some(mut writer) = self.writer(chain, burn_tip).await? else {
            tracing::debug!(signer = self.address, "this signer has no slot in .signers; its answer is not sent");
            return Ok(());
        };
        let outcome = writer.put(&self.node, &self.key, &message.encode()).await;
        match outcome {
            Ok(_) => {
                self.slot = Some((burn_tip, writer));
                Ok(())
            }
            Err(PutError::Call(status)) => {
                self.slot = Some((burn_tip, writer));
                Err((*status).into())
            }
            Err(error @ PutError::Refused { .. }) => {
                // The slot may be another one by now.
                self.slot = None;
                tracing::error!(error = %error, "the answer was not stored");
                Err(Failed::Later(None))
            }
        }
    }

    /// The writer of this signer's slot at the burn tip; `None` when it has none.
    async fn writer(&mut self, chain: &Chain, burn_tip: BurnBlockHash) -> Result<Option<SlotWriter>, Failed> {
        let old = match self.slot.take() {
            Some((at, writer)) if at == burn_tip => return Ok(Some(writer)),
            old => old.map(|(_, writer)| writer),
        };
        // Not from the set: a former member keeps its slot until the chain has reached the new cycle.
        let request = ListSlotsRequest { contract_id: chain.signers_db.clone() };
        let answer = unary(self.node.stackerdb().list_slots(request)).await?;
        let is_own = |signer: &str| StacksAddress::parse(signer).is_ok_and(|signer| signer.hash160() == self.account);
        let own = answer.slots.iter().find(|slot| is_own(&slot.signer)).map(|slot| slot.slot_id);
        Ok(own.map(|slot_id| {
            old.filter(|writer| writer.slot_id() == slot_id)
                .unwrap_or_else(|| SlotWriter::new(chain.signers_db.clone(), slot_id))
        }))
    }
}
