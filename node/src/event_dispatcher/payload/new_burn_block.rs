//! `/new_burn_block`: a block of the mocked bitcoin. It pays nobody, as there is no PoX.

use nakamoto_proto::v1;
use serde::Serialize;
use v1::event::Body;

use super::values::Hex0x;

#[derive(Serialize)]
pub(super) struct NewBurnBlock<'a> {
    burn_block_hash: Hex0x<'a>,
    burn_block_height: u64,
    reward_recipients: [(); 0],
    reward_slot_holders: [(); 0],
    burn_amount: u64,
    consensus_hash: Hex0x<'a>,
    parent_burn_block_hash: Hex0x<'a>,
    pox_transactions: [(); 0],
}

/// The body for the event of a burn block, or of a block, which names its burn view.
pub(super) fn of(event: &v1::Event) -> Result<NewBurnBlock<'_>, &'static str> {
    let burn_block = match &event.body {
        Some(Body::BurnBlock(burn)) => burn.burn_block.as_ref(),
        Some(Body::BlockProcessed(processed)) => processed.burn_view.as_ref(),
        _ => None,
    };
    let burn_block = burn_block.ok_or("burn block")?;
    Ok(NewBurnBlock {
        burn_block_hash: Hex0x(&burn_block.burn_block_hash),
        burn_block_height: burn_block.height,
        reward_recipients: [],
        reward_slot_holders: [],
        burn_amount: burn_block.satoshis_spent,
        consensus_hash: Hex0x(&burn_block.consensus_hash),
        parent_burn_block_hash: Hex0x(&burn_block.parent_burn_block_hash),
        pox_transactions: [],
    })
}
