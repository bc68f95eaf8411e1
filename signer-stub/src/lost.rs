//! A signer that lost its record does not start, as it could sign a second block at one place. Its slot in the node shows whether
//! it has signed before: each signature is written there.

use std::path::Path;

use anyhow::{Context, bail};
use client::{Node, unary};
use nakamoto_proto::v1::ListSlotsRequest;
use stacks_types::address::StacksAddress;
use tonic::Code;

use crate::driver::Chain;

/// Refuses to make a new record when the key has written its slot. Writes nothing, so that the next start refuses too.
///
/// # Errors
/// Says what is missing and what to do, or that the node did not answer.
pub(crate) async fn refuse_after_signing(
    node: &Node,
    chain: &Chain,
    own: StacksAddress,
    folder: &Path,
) -> anyhow::Result<()> {
    let request = ListSlotsRequest { contract_id: chain.signers_db.clone() };
    let slots = match unary(node.stackerdb().list_slots(request)).await {
        Ok(answer) => answer.slots,
        // A chain that has just begun has no slots yet.
        Err(status) if status.code() == Code::NotFound => return Ok(()),
        Err(status) => return Err(status).context("the signers' slots cannot be read"),
    };
    let is_own = |signer: &str| StacksAddress::parse(signer).is_ok_and(|signer| signer.hash160() == own.hash160());
    let Some(written) = slots.iter().find(|slot| slot.slot_version > 0 && is_own(&slot.signer)) else {
        return Ok(());
    };
    bail!(
        "{folder} holds no signer.sqlite, and slot {slot} of {db} was written {times} times with this key: without the record \
         of what was signed a second block could be signed in one place. Nothing was changed. Put signer.sqlite and the files \
         that belong to it (-wal, -sums) back from a copy; if they are lost, wait until the chain has grown beyond every \
         block that may have been signed, and start once with --new-record",
        folder = folder.display(),
        slot = written.slot_id,
        db = chain.signers_db,
        times = written.slot_version,
    )
}
