//! `/stackerdb_chunks`: written slots, with the contract in the form that libsigner parses
//! (docs/COMPATIBILITY.md#other-observer-endpoints).

use nakamoto_proto::v1;
use serde::Serialize;
use stacks_types::address::StacksAddress;
use v1::event::Body;

use super::values::Hex;

#[derive(Serialize)]
pub(super) struct StackerDbChunks<'a> {
    contract_id: ContractId<'a>,
    modified_slots: Vec<Slot<'a>>,
}

#[derive(Serialize)]
struct ContractId<'a> {
    /// Version byte and hash of the contract's address.
    issuer: (u8, [u8; 20]),
    name: &'a str,
}

#[derive(Serialize)]
struct Slot<'a> {
    slot_id: u32,
    slot_version: u32,
    sig: Hex<'a>,
    data: Hex<'a>,
}

pub(super) fn of(event: &v1::Event) -> Result<StackerDbChunks<'_>, &'static str> {
    let Some(Body::StackerdbChunks(chunks)) = &event.body else { return Err("StackerDB chunks") };
    let (address, name) = chunks.contract_id.split_once('.').ok_or("contract name")?;
    let address = StacksAddress::parse(address).map_err(|_| "contract address")?;
    Ok(StackerDbChunks {
        contract_id: ContractId { issuer: (address.version(), address.hash160().0), name },
        modified_slots: chunks.chunks.iter().map(slot).collect(),
    })
}

fn slot(chunk: &v1::StackerDbChunk) -> Slot<'_> {
    let (slot_id, slot_version) = (chunk.slot_id, chunk.slot_version);
    Slot { slot_id, slot_version, sig: Hex(&chunk.signature), data: Hex(&chunk.data) }
}
