//! A signer that lost its record, or has an older copy of it, does not start: it could sign a second block at one
//! place. Its slot in the node shows whether it has signed, as each signature is written there.

use std::path::Path;

use anyhow::{Context, bail};
use client::{Node, unary};
use nakamoto_proto::v1::{GetChunkRequest, ListSlotsRequest, SlotMetadata};
use stacks_types::address::StacksAddress;
use stacks_types::ids::BlockHash;
use stacks_types::proposal::SlotMessage;
use tonic::Code;

use crate::driver::Chain;
use crate::record::Record;

/// Refuses to make a new record when the key has written its slot. Writes nothing, so that the next start refuses, too.
///
/// # Errors
/// Names what is missing and what to do; or the node did not answer.
pub(crate) async fn refuse_after_signing(
    node: &Node,
    chain: &Chain,
    own: StacksAddress,
    folder: &Path,
) -> anyhow::Result<()> {
    let Some(written) = written_slots(node, chain, own).await?.into_iter().next() else { return Ok(()) };
    bail!(
        "{folder} holds no signer.sqlite with what was signed, and slot {slot} of {db} was written {times} times with this key: \
         without that record a second block could be signed in one place. Nothing was changed. Put signer.sqlite and the files \
         that belong to it (-wal, -sums) back as they were last; if they are lost, wait until the chain has grown beyond every \
         block that may have been signed, and start once with --new-record",
        folder = folder.display(),
        slot = written.slot_id,
        db = chain.signers_db,
        times = written.slot_version,
    )
}

/// Logs an error when the record has read further than the node's journal goes (`newest`, its last sequence): the
/// node's folder is an older copy, or a new one. The chain may then stand still, as this signer signs no other blocks
/// at the places where it has signed.
///
/// # Errors
/// The record cannot be read.
pub(crate) fn say_when_node_is_older(folder: &Path, record: &Record, newest: u64) -> anyhow::Result<()> {
    if let Some(checkpoint) = record.checkpoint()?
        && checkpoint.sequence > newest
    {
        tracing::error!(
            record = %folder.display(),
            read_to = checkpoint.sequence,
            newest,
            "the node's folder is older than this signer's record, or new: the signer refuses other blocks in the places that it has \
             signed, and the chain may stand still. Put the node's folder back as it was last, or reorganize bitcoin to before those \
             blocks (ReorganizeBurnchain); for a new chain give an empty --data-dir"
        );
    }
    Ok(())
}

/// Refuses a record without the block whose signature is in the key's slot: it is an older copy. With `gives_up` the
/// block is noted instead, and not refused again.
///
/// # Errors
/// Names the block and what to do; or the node did not answer.
pub(crate) async fn refuse_older_copy(
    node: &Node,
    chain: &Chain,
    own: StacksAddress,
    (folder, record): (&Path, &Record),
    gives_up: bool,
) -> anyhow::Result<()> {
    for SlotMetadata { slot_id, .. } in written_slots(node, chain, own).await? {
        let Some(block_hash) = signed_in(node, chain, slot_id).await? else { continue };
        if record.knows(&block_hash)? {
            continue;
        }
        if gives_up {
            tracing::warn!(%block_hash, "this key has signed a block that the record does not have, and will not have");
            record.give_up(&block_hash)?;
            continue;
        }
        bail!(
            "signer.sqlite in {folder} does not know block {block_hash}, whose signature with this key is in slot {slot_id} of {db}: \
             it is an older copy, and with it a second block could be signed in one place. Put signer.sqlite and the files that \
             belong to it (-wal, -sums) back as they were last; if they are lost, wait until the chain has grown beyond every \
             block that may have been signed, and start once with --new-record",
            folder = folder.display(),
            db = chain.signers_db,
        )
    }
    Ok(())
}

/// Written slots of the key.
async fn written_slots(node: &Node, chain: &Chain, own: StacksAddress) -> anyhow::Result<Vec<SlotMetadata>> {
    let request = ListSlotsRequest { contract_id: chain.signers_db.clone() };
    let mut slots = match unary(node.stackerdb().list_slots(request)).await {
        Ok(answer) => answer.slots,
        // A chain that has just begun has no slots yet.
        Err(status) if status.code() == Code::NotFound => return Ok(Vec::new()),
        Err(status) => return Err(status).context("the signers' slots cannot be read"),
    };
    let is_own = |signer: &str| StacksAddress::parse(signer).is_ok_and(|signer| signer.hash160() == own.hash160());
    slots.retain(|slot| slot.slot_version > 0 && is_own(&slot.signer));
    Ok(slots)
}

/// The block whose signature is in a slot; `None` when the slot holds something else.
async fn signed_in(node: &Node, chain: &Chain, slot_id: u32) -> anyhow::Result<Option<BlockHash>> {
    let request = GetChunkRequest { contract_id: chain.signers_db.clone(), slot_id, slot_version: None };
    let chunk = match unary(node.stackerdb().get_chunk(request)).await {
        Ok(answer) => answer.chunk.unwrap_or_default(),
        // The slot has another owner by now.
        Err(status) if status.code() == Code::NotFound => return Ok(None),
        Err(status) => return Err(status).context("the signer's slot cannot be read"),
    };
    Ok(match SlotMessage::decode(&chunk.data) {
        Ok(SlotMessage::SignatureAccept { block_hash, .. }) => Some(block_hash),
        Ok(_) | Err(_) => None,
    })
}
