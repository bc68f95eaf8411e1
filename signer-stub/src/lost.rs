//! A signer that lost its record, or has an older copy of it, does not start: it could sign a second block at one
//! place. Its slot and the journal of the node show whether it has signed, as each signature is written there.

use std::path::Path;

use anyhow::{Context, bail};
use client::{Node, is_cursor_refusal, unary, with_causes, writer_of};
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::start_position::Position;
use nakamoto_proto::v1::{
    EventFilter, EventTerm, GetChunkRequest, ListEventsRequest, ListSlotsRequest, SlotMetadata, StartPosition,
};
use stacks_types::address::StacksAddress;
use stacks_types::ids::BlockHash;
use stacks_types::proposal::SlotMessage;
use tonic::Code;

use crate::model::Chain;
use crate::record::Record;

/// Events of one page: as many as the node gives.
const PAGE_EVENTS: u32 = 1000;

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
pub(crate) fn log_older_node(folder: &Path, record: &Record, newest: u64) {
    let read_to = match record.checkpoint() {
        Ok(checkpoint) => checkpoint.map_or(0, |checkpoint| checkpoint.sequence),
        Err(error) => return tracing::error!(error = with_causes(&error), "the record cannot be read"),
    };
    if read_to > newest {
        tracing::error!(
            record = %folder.display(),
            read_to,
            newest,
            "the node's folder is older than this signer's record, or new: the signer refuses other blocks in the places that it has \
             signed, and the chain may stand still. Put the node's folder back as it was last, or reorganize bitcoin to before those \
             blocks (ReorganizeBurnchain); for a new chain give an empty --data-dir"
        );
    }
}

/// A block that the key has signed, and where the node shows the signature.
struct Signed {
    block_hash: BlockHash,
    place: String,
}

/// Refuses a record without a block that its key has signed: it is an older copy. The newest signature is in the key's slot,
/// unless a refusal followed; the others are in the node's journal, which is read from the record's place on, as far as
/// it is kept. With `gives_up` the blocks are noted instead, and not refused again.
///
/// # Errors
/// Names a block and what to do; or the node did not answer.
pub(crate) async fn refuse_older_copy(
    node: &Node,
    chain: &Chain,
    own: StacksAddress,
    (folder, record): (&Path, &mut Record),
    gives_up: bool,
) -> anyhow::Result<()> {
    let mut unknown = Vec::new();
    for SlotMetadata { slot_id, .. } in written_slots(node, chain, own).await? {
        let Some(block_hash) = signed_in(node, chain, slot_id).await? else { continue };
        if !record.knows(&block_hash)? {
            unknown.push(Signed { block_hash, place: format!("slot {slot_id} of {}", chain.signers_db) });
        }
    }
    unknown.extend(unknown_in_journal(node, chain, own, record).await?);
    let Some(Signed { block_hash, place }) = unknown.first() else { return Ok(()) };
    if gives_up {
        tracing::warn!(
            %block_hash,
            blocks = unknown.len(),
            "this key has signed blocks that the record does not have, and will not have"
        );
        record.give_up(unknown.iter().map(|signed| signed.block_hash))?;
        return Ok(());
    }
    bail!(
        "signer.sqlite in {folder} does not know block {block_hash}, whose signature with this key is in {place}: it is an older copy, \
         and with it a second block could be signed in one place. Put signer.sqlite and the files that belong to it (-wal, -sums) \
         back as they were last; if they are lost, wait until the chain has grown beyond every block that may have been signed, \
         and start once with --new-record",
        folder = folder.display(),
    )
}

/// Blocks whose signatures by the key came to the journal after the record's place, and which the record does not know.
async fn unknown_in_journal(
    node: &Node,
    chain: &Chain,
    own: StacksAddress,
    record: &Record,
) -> anyhow::Result<Vec<Signed>> {
    let term = EventTerm { stackerdb_contracts: vec![chain.signers_db.clone()], ..EventTerm::default() };
    let filter = Some(EventFilter { terms: vec![term], all: false });
    let mut position = match record.checkpoint()? {
        Some(checkpoint) => Position::AfterCursor(checkpoint.cursor.into()),
        None => Position::Earliest(true),
    };
    let mut unknown = Vec::new();
    loop {
        let start = Some(StartPosition { position: Some(position.clone()) });
        let request = ListEventsRequest { filter: filter.clone(), start, page_size: PAGE_EVENTS, ..Default::default() };
        let page = match node.when_up(async || unary(node.events().list_events(request.clone())).await).await {
            Ok(page) => page,
            // All that is kept came after the place, or is of another journal.
            Err(status) if is_cursor_refusal(&status) && position != Position::Earliest(true) => {
                position = Position::Earliest(true);
                continue;
            }
            Err(status) => return Err(status).context("the signatures in the node's journal cannot be read"),
        };
        for event in page.events {
            let Some(Body::StackerdbChunks(chunks)) = event.body else { continue };
            for chunk in chunks.chunks {
                let Some(block_hash) = signature_in(&chunk.data) else { continue };
                if !record.knows(&block_hash)? && writer_of(chunk) == Some(own.hash160()) {
                    unknown.push(Signed { block_hash, place: format!("event {} of the node", event.sequence) });
                }
            }
        }
        if page.end_of_journal {
            return Ok(unknown);
        }
        position = Position::AfterCursor(page.next_cursor);
    }
}

/// Written slots of the key.
async fn written_slots(node: &Node, chain: &Chain, own: StacksAddress) -> anyhow::Result<Vec<SlotMetadata>> {
    let request = ListSlotsRequest { contract_id: chain.signers_db.clone() };
    let mut slots = match node.when_up(async || unary(node.stackerdb().list_slots(request.clone())).await).await {
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
    let chunk = match node.when_up(async || unary(node.stackerdb().get_chunk(request.clone())).await).await {
        Ok(answer) => answer.chunk.unwrap_or_default(),
        // The slot has another owner by now.
        Err(status) if status.code() == Code::NotFound => return Ok(None),
        Err(status) => return Err(status).context("the signer's slot cannot be read"),
    };
    Ok(signature_in(&chunk.data))
}

/// The block that a chunk's data signs; `None` when they say something else.
fn signature_in(data: &[u8]) -> Option<BlockHash> {
    match SlotMessage::decode(data) {
        Ok(SlotMessage::SignatureAccept { block_hash, .. }) => Some(block_hash),
        Ok(_) | Err(_) => None,
    }
}
