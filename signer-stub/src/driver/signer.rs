//! One signer at work: its key, its record, and the slot that it answers in.
//!
//! # Invariant
//! A signature leaves only after [`Record::claim`] granted it.

use std::path::PathBuf;

use client::{Failed, Node, SlotWrite, SlotWriter, Standing};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, Hash160};
use stacks_types::keys::PrivateKey;
use stacks_types::proposal::SlotMessage;

use super::forks::may_follow;
use crate::model::{Proposal, Refusal};
use crate::record::{Claim, Record, Sibling};

/// A signer's answer to a proposal.
#[derive(Debug)]
pub(super) enum Answer {
    /// Sign, if the signer's record allows; else refuse.
    Sign(Box<Proposal>),
    /// Refuse the block with this hash.
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

/// One signer: its key, its record, and its slot.
#[derive(Debug)]
pub(crate) struct Signer {
    /// Connection to the node, whose requests show that they come from the owner of this key.
    pub node: Node,
    /// Signs blocks and StackerDB chunks.
    pub key: PrivateKey,
    /// Account hash of the key.
    pub account: Hash160,
    /// Stacks address of the key.
    pub address: String,
    /// What this signer has signed, on disk.
    pub record: Record,
    /// Folder of the record.
    pub folder: PathBuf,
    /// Writes this signer's slot, as of the last answer.
    pub slot: Option<SlotWriter>,
    /// Whether this signer is in the stacker set, as last logged.
    pub standing: Standing<bool>,
    /// The block that this signer has answered while others of the process could not.
    pub answered: Option<BlockHash>,
}

impl Signer {
    /// A signer that has not answered anything since the start of the process.
    pub(crate) fn new(
        node: &Node,
        key: PrivateKey,
        address: StacksAddress,
        (record, folder): (Record, PathBuf),
    ) -> Self {
        Self {
            node: node.clone().as_owner_of_slot(&key),
            account: address.hash160(),
            address: address.to_string(),
            key,
            record,
            folder,
            slot: None,
            standing: Standing::default(),
            answered: None,
        }
    }

    /// Whether the record has a signature of this block; false when the record cannot be read.
    pub(super) fn has_signed(&self, block_hash: &BlockHash) -> bool {
        match self.record.signature_of(block_hash) {
            Ok(signature) => signature.is_some(),
            Err(error) => {
                let _ = Failed::from(error);
                false
            }
        }
    }

    /// The messages for this signer's slot, oldest first.
    pub(super) async fn messages(&mut self, answer: &Answer) -> Result<Vec<SlotMessage>, Failed> {
        match answer {
            Answer::Sign(proposal) => self.sign(proposal).await,
            Answer::Refuse(block_hash, refusal) => Ok(vec![refuse(*block_hash, refusal.clone())]),
        }
    }

    async fn sign(&mut self, proposal: &Proposal) -> Result<Vec<SlotMessage>, Failed> {
        let Proposal { block_hash, chain_length, .. } = *proposal;
        let signature = match self.record.signature_of(&block_hash)? {
            Some(signature) => signature,
            None => {
                let siblings = self.record.siblings_of(proposal)?;
                let mut not_in_the_way = Vec::new();
                for sibling in siblings {
                    if may_follow(&self.node, sibling.burn_view, proposal.burn_view).await? {
                        not_in_the_way.push(sibling);
                    }
                }
                let signature = self.key.sign(block_hash.as_bytes());
                match self.record.claim(proposal, &signature, &not_in_the_way)? {
                    Claim::Granted => signature,
                    Claim::Conflict(sibling) => return self.refuse_conflict(block_hash, sibling),
                }
            }
        };
        tracing::debug!(%block_hash, chain_length, signer = self.address, "block signed");
        Ok(vec![SlotMessage::SignatureAccept { block_hash, signature }])
    }

    /// Refuses, then repeats the signature of the conflicting block: only that block can follow the parent now, and
    /// whoever has it can finish it, even when its producer is gone.
    fn refuse_conflict(&self, block_hash: BlockHash, signed: Sibling) -> Result<Vec<SlotMessage>, Failed> {
        let text = format!("{} with the same parent was signed", signed.block_hash);
        tracing::info!(%block_hash, signer = self.address, reason = text, "proposal refused");
        let mut messages = vec![refuse(block_hash, Refusal::new(Refusal::CONFLICTS, text))];
        if let Some(signature) = self.record.signature_of(&signed.block_hash)? {
            messages.push(SlotMessage::SignatureAccept { block_hash: signed.block_hash, signature });
        }
        Ok(messages)
    }

    /// A write of the messages to slot `slot_id` of the StackerDB `contract_id`.
    pub(super) fn write(&mut self, contract_id: &str, slot_id: u32, messages: &[SlotMessage]) -> SlotWrite<'_> {
        let old = self.slot.take().filter(|writer| writer.slot_id() == slot_id);
        let writer = old.unwrap_or_else(|| SlotWriter::new(contract_id.to_owned(), slot_id));
        let data: Vec<_> = messages.iter().map(SlotMessage::encode).collect();
        SlotWrite::new(self.slot.insert(writer), &self.key, data)
    }
}

fn refuse(block_hash: BlockHash, refusal: Refusal) -> SlotMessage {
    SlotMessage::Reject { block_hash, reason_code: refusal.code, reason: refusal.text }
}
